"""Describes inputs in words and as code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from torchdraft._torch import pytree

from .call import Call
from .interface import paths_of

MOST_WRITTEN = 32
"""Tensors with more elements are not written as code."""


def inputs_in_words(call: Call, names: Sequence[str]) -> dict[str, str]:
    """The description of each input by its path: dtype, shape, and values if they are few."""
    return {path: in_words(value) for path, value in _inputs(call, names)}


def inputs_as_code(call: Call, names: Sequence[str]) -> str:
    """One assignment for each input."""
    return "\n".join(f"{path} = {_code(value)}" for path, value in _inputs(call, names))


def in_words(value: Any) -> str:
    """`float32[2, 3] from -1.5 to 2`, `int64[2] [3, 5]`, `True`."""
    if not isinstance(value, torch.Tensor):
        return f"{value!r}"[:80]
    kind = f"{_dtype(value)}{list(value.shape)}"
    if value.layout is not torch.strided or value.is_quantized or value.device.type == "meta":
        return f"{kind}, {value.layout}"
    if not value.numel():
        return kind
    flat = value.detach().reshape(-1)
    if value.numel() > 1 and bool((flat == flat[0]).all()):
        return f"{kind} all {_number(flat[0])}"
    if value.numel() <= 6:
        return f"{kind} {_numbers(value)}"
    if value.dtype is torch.bool:
        return f"{kind}, {int(flat.sum())} of {flat.numel()} true"
    if flat.is_complex():
        return kind
    number = flat[~flat.isnan()] if flat.is_floating_point() else flat
    ends = f" from {_number(number.min())} to {_number(number.max())}" if number.numel() else ""
    return f"{kind}{ends}" + (f", {flat.numel() - number.numel()} NaN" if number.numel() < flat.numel() else "")


def _inputs(call: Call, names: Sequence[str]) -> list[tuple[str, Any]]:
    values = pytree.tree_leaves(call.inputs)
    return list(zip(paths_of(call.inputs, names), values, strict=True))


def _code(value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        return repr(value)
    if value.layout is not torch.strided or value.is_quantized or value.device.type == "meta":
        return f"...  # {in_words(value)}"
    shape, flat = list(value.shape), value.detach().reshape(-1)
    options = f", dtype={value.dtype}" + (f", device={str(value.device)!r}" if value.device.type != "cpu" else "")
    if not flat.numel():
        return f"torch.empty({shape}{options})"
    if value.numel() > 1 and bool((flat == flat[0]).all()):
        made = {0: "zeros", 1: "ones"}.get(flat[0].item())
        return f"torch.{made}({shape}{options})" if made else f"torch.full({shape}, {flat[0].item()!r}{options})"
    if flat.numel() > MOST_WRITTEN:
        return f"...  # {in_words(value)}"
    return f"torch.tensor({_exact(value)}{options})"


def _exact(value: torch.Tensor) -> str:
    return str(value.detach().tolist()).replace("nan", "float('nan')").replace("inf", "float('inf')")


def _numbers(value: torch.Tensor) -> str:
    if value.dim() == 0:
        return _number(value)
    return "[" + ", ".join(_numbers(part) for part in value.detach()) + "]"


def _number(value: torch.Tensor) -> str:
    number = value.item()
    return f"{number:.4g}" if isinstance(number, float) else str(number)


def _dtype(value: torch.Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")
