"""Targets: `file.py:callable` goes in; a model, its inputs and a draft of it come out."""
