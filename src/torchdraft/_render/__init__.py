"""Render: data of `model` goes in; text, terminal output, HTML and JSON come out.

`presenter.py` is what the methods of `Report` and `Verification` call. Imports `model` and no torch.
"""
