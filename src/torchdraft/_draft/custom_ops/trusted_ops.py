"""The operators whose fake kernels are used without a comparison with the real ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from torchdraft._torch.fake import OpOverload

SHIPPED = frozenset(
    {
        # torch's own operators; its test suite compares their fake kernels with the real ones
        "aten",
        "prim",
        "prims",
        "rngprims",
        "debugprims",
        "higher_order",
        "inductor",
        "export",
        "quantized",
        "quantized_decomposed",
        "mkldnn",
        "mkl",
        "onednn",
        "profiler",
        "symm_mem",
        "_c10d_functional",
        "_c10d_functional_autograd",
        "c10d",
        "c10d_functional",
        "_dtensor",
        "fsdp",
        "streams",
        "flex_lib",
        "torch_attn",
        "torch_nn",
        "semi_structured",
        "ao",
        # libraries released with torch, tested the same way
        "torchvision",
        "image",
        "torchaudio",
        "torchao",
        "torchcodec",
        "fbgemm",
        "executorch",
    }
)
"""Namespaces whose fake kernels are trusted. A *missing* fake kernel is inferred in any namespace."""

BUILTIN = frozenset({"aten", "prim", "prims"})


class TrustedOps:
    """Decides which operators are trusted. `extra`: further namespaces (`mylib`) and operators (`mylib::foo`)."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self.namespaces = SHIPPED | {name for name in extra if "::" not in name}
        self.operators: Collection[str] = {name.partition(".")[0] for name in extra if "::" in name}
        self._known: dict[Any, bool] = {}

    def trusts(self, op: Any) -> bool:
        """Whether the fake kernel of `op` is used without a comparison."""
        known = self._known.get(op)
        if known is None:
            known = self._known[op] = self._judge(op)
        return known

    def _judge(self, op: Any) -> bool:
        if not isinstance(op, OpOverload):
            return True
        everything = "*" in self.namespaces
        return everything or op.namespace in self.namespaces or op.name().partition(".")[0] in self.operators


def is_builtin(op: Any) -> bool:
    """Whether `op` belongs to torch itself, or has no schema (a higher-order operator)."""
    return not isinstance(op, OpOverload) or op.namespace in BUILTIN
