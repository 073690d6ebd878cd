"""Patches of what traces a model: `torch.export`, Dynamo, `make_fx`, and what they print meanwhile.

It may import `_torch` and its `tensors` and `patching`.
"""
