"""torch's ways on from a model or a program: `torch.export`, decompositions, `torch.compile`, AOTInductor.

In: a model or an exported program. Out: what torch makes of it. It may import `_torch` and `_torch/symbolic`.
"""
