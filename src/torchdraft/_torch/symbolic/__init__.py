"""Fake tensors and symbolic numbers: the classes that torchdraft subclasses, their exceptions and their symbols.

In: a fake tensor, a symbolic number or an expression. Out: what torch knows about it. It may import `_torch`.
"""
