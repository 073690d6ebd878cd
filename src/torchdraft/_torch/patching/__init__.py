"""Temporary changes to torch and to Python's library: declared once, applied by scope, undone exactly.

In: a scope and the callbacks that its patches need. Out: a context manager. `scopes.py` names the scopes, `registry.py`
declares and applies patches, `changes.py` makes single changes and undoes them. Imports `_torch` only.
"""
