"""Symbolic expressions as the text of the user's source.

In: sympy expressions and the code that created their symbols. Out: Python text. It may import `_source` and `model`.
"""
