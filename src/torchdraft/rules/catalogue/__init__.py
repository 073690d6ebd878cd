"""Catalogue: torchdraft's own rules, one in each file. A rule's docstring is its documentation page.

`rules/registry.py` imports every module of this package and takes the rules that it defines. Imports `rules`, `model`
and `_source`, and no torch.
"""
