"""Kernels: rules go in; the source of a fake kernel, tested, comes out.

`write.py` writes the source, `prove.py` tests it on calls that it was not learned from, under `torch.export` and with
`torch.library.opcheck`, and `compare.py` finds calls on which a kernel that exists is wrong. May import `experiments`
and `learning`.
"""
