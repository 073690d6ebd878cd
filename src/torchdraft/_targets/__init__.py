"""Targets: `file.py:callable` goes in; a model, its inputs and a draft of it come out.

May import `model`, `_source`, `rules`, `_render` and the public API.
"""
