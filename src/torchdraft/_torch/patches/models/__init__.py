"""Patches of what a model consists of: modules, TorchScript objects, wrapper subclasses, encoder layers.

It may import `_torch` and its `tensors` and `patching`.
"""
