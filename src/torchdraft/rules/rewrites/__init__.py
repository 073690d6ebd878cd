"""Rewrites: a line of the user's source goes in; the code to write there comes out, or nothing where none is certain.

One file has one kind of rewrite. Imports `model` and `_source`, and no torch.
"""
