"""Patches of symbolic numbers and of the shape environment that holds their symbols.

It may import `_torch` and its `tensors` and `patching`.
"""
