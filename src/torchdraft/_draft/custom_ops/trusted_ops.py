"""The operators whose fake kernels are used without a comparison with the real ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Literal, get_args

from torchdraft._torch.symbolic.fake import OpOverload
from torchdraft.model.errors import WrongValue

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

NEVER_COMPARED = BUILTIN | {"higher_order", "quantized", "mkldnn", "mkl", "onednn"}
"""Namespaces that `check_kernels="all"` leaves out too: torch's own operators, and those whose outputs (quantized or
packed tensors) no fake tensor can be."""

CheckKernels = Literal["custom", "all", "none"]
"""Which fake kernels are compared with the real ones: those of operators that are not trusted, also those that are
trusted without the user's word, or none."""


def check_choice(check_kernels: Any) -> None:
    """Raises `ValueError` for anything but a `CheckKernels`."""
    if check_kernels not in get_args(CheckKernels):
        raise WrongValue(
            f"check_kernels={check_kernels!r}",
            '"custom" (compare the fake kernels of custom operators with their real ones), "all" (also those of '
            'torchvision and other trusted libraries) or "none"',
        )


def _check_names(names: Any) -> None:
    if isinstance(names, str):
        raise TypeError(f"trusted_ops={names!r}: expected several names, such as ({names!r},)")


class TrustedOps:
    """Decides which operators are trusted. `extra`: further namespaces (`mylib`) and operators (`mylib::foo`)."""

    def __init__(self, extra: Iterable[str] = (), check_kernels: CheckKernels = "custom") -> None:
        _check_names(extra)
        named = frozenset(extra) | ({"*"} if check_kernels == "none" else frozenset())
        shipped = NEVER_COMPARED if check_kernels == "all" else SHIPPED
        self.namespaces = shipped | {name for name in named if "::" not in name}
        self.operators: Collection[str] = {name.partition(".")[0] for name in named if "::" in name}
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
