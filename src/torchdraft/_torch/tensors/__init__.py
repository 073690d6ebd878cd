"""Tensors apart from any trace: storage, copies that preserve aliasing, subclasses, tensors in nested containers.

In and out: tensors and containers of tensors. Imports `_torch` only.
"""
