"""Fake kernels: an operator goes in; the source of a fake kernel comes out, with what it was tested on.

`experiments/` runs the operator in a process of its own, `learning/` finds the rules that describe what it returned,
and `kernels/` writes the rules as source and tests the source. `study.py` puts them together for one operator;
`synthesize.py` is the entry, `synthesized.py` the result, `gather.py` finds the calls to begin with. May import
`_torch` and `_draft/custom_ops`.
"""
