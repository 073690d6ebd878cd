"""`torchdraft._trace.keys:TupleKey`, which `torch.export.load` imports for an older file. See `torchdraft.saved`."""

from torchdraft.saved import TupleKey

__all__ = ["TupleKey"]
