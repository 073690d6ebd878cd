"""The graph of a trace and of an exported program: its nodes, their values, inputs and assertions.

In: the `torch.fx` graph being traced, or a finished `ExportedProgram`. Out: nodes to add or to read. It may import
`_torch` and `_torch/symbolic`.
"""
