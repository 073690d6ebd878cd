"""Patches of operators, of their fake kernels and of transforms over them, inside a trace.

It may import `_torch` and its `tensors` and `patching`.
"""
