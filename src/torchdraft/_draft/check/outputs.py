"""Compares the outputs of a program with those of eager."""

from __future__ import annotations

import math
from typing import Any

import torch

from torchdraft._torch import pytree
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.tensors.subclasses import inner_tensors, is_wrapper


def mismatch(got: Any, want: Any) -> str:
    """The first difference between a program's outputs and eager's, as text; empty where there is none.

    Values may differ by rounding: a program runs the same kernels, but may decompose fused ones.
    """
    got_leaves, got_spec = pytree.tree_flatten(got)
    want_leaves, want_spec = pytree.tree_flatten(want)
    if len(got_leaves) != len(want_leaves):
        return f"{len(got_leaves)} outputs, eager returns {len(want_leaves)}"
    if pytree.outline(got_spec) != pytree.outline(want_spec):
        return f"outputs in the structure {got_spec}, eager returns {want_spec}"
    for index, (have, expected) in enumerate(zip(got_leaves, want_leaves, strict=True)):
        found = _leaf_mismatch(have, expected)
        if found:
            return f"output {index}: {found}"
    return ""


def _leaf_mismatch(have: Any, expected: Any) -> str:
    if not isinstance(expected, torch.Tensor):
        if isinstance(expected, float) and isinstance(have, float) and math.isnan(expected) and math.isnan(have):
            return ""
        simple = isinstance(expected, (int, float, bool, str, type(None)))
        if simple and isinstance(have, torch.Tensor) and have.numel() != 1:
            return f"a tensor, eager returns {expected!r}"
        return "" if not simple or have == expected else f"{have!r}, eager returns {expected!r}"
    if not isinstance(have, torch.Tensor):
        return f"{type(have).__name__}, eager returns a tensor"
    if isinstance(have, FakeTensor):
        return "a fake tensor: computation that the tracer did not see"
    if have.shape != expected.shape or have.dtype != expected.dtype:
        return f"{have.dtype} {list(have.shape)}, eager returns {expected.dtype} {list(expected.shape)}"
    if have.device.type == "meta" or expected.device.type == "meta":
        return ""
    if is_wrapper(have) or is_wrapper(expected):
        return _wrapper_mismatch(have, expected)
    have, expected = have.detach(), expected.detach()
    if have.layout is not torch.strided:
        have, expected = have.to_dense(), expected.to_dense()
    try:
        torch.testing.assert_close(have, expected, equal_nan=True, rtol=1e-3, atol=1e-4)
    except AssertionError as error:
        return " ".join(str(error).split())[:200]
    return ""


def _wrapper_mismatch(have: torch.Tensor, expected: torch.Tensor) -> str:
    if type(have) is not type(expected):
        return f"{type(have).__name__}, eager returns {type(expected).__name__}"
    inner = inner_tensors(have)
    found = ((name, _leaf_mismatch(inner.get(name), want)) for name, want in inner_tensors(expected).items())
    return next((f".{name}: {what}" for name, what in found if what), "")
