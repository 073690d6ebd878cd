"""Prepare: the caller's arguments go in; inputs and outputs that `torch.export` can flatten come out.

Classes unknown to pytree, inputs no program can take, lazy modules, outputs no graph can return. May import `state` and
`tracing`.
"""
