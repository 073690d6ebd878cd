"""Wrappers that an interrupt left behind in torch.fx are removed."""

from __future__ import annotations

import math
import sys
from types import ModuleType
from typing import Any

import pytest
import torch

from torchdraft._draft.entry import _without_trace
from torchdraft._torch.probe import need
from torchdraft._torch.wrapped_functions import WrappedFunctions

_fx: Any = need("torch.fx._symbolic_trace")
_make_wrapper: Any = need("torch.fx._symbolic_trace:_create_wrapped_func")
_Patcher: Any = need("torch.fx._symbolic_trace:_Patcher")


class OneLost(_Patcher):
    """Interrupted where it has taken a patch off its list and not undone it yet."""

    def __exit__(self, *error: Any) -> None:
        lost = {"_assert_is_none", "sqrt", "__call__", "len"}
        self.patches_made = [patch for patch in self.patches_made if patch.fn_name not in lost]
        raise KeyboardInterrupt


class Root(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * math.sqrt(4)


def test_what_an_interrupted_draft_left_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"_assert_is_none": _fx._assert_is_none, "sqrt": math.sqrt, "__call__": torch.nn.Module.__call__}

    def draft() -> None:
        own = _Patcher
        monkeypatch.setattr(_fx, "_Patcher", OneLost)
        try:
            with _fx._new_patcher() as patcher, patcher:
                _fx._patch_wrapped_functions(patcher)
                patcher.patch(vars(math), "sqrt", _make_wrapper(math.sqrt))
                patcher.patch_method(torch.nn.Module, "__call__", lambda *_: None, deduplicate=False)
        finally:
            monkeypatch.setattr(_fx, "_Patcher", own)
            assert _fx._assert_is_none is not names["_assert_is_none"]

    with pytest.raises(KeyboardInterrupt):
        _without_trace(draft)
    assert {"_assert_is_none": _fx._assert_is_none, "sqrt": math.sqrt, "__call__": torch.nn.Module.__call__} == names
    assert _fx.CURRENT_PATCHER is None


def test_a_wrapper_of_a_builtin_is_deleted() -> None:
    module = ModuleType("fx_wraps_len_here")
    sys.modules[module.__name__] = module
    try:
        vars(module)["len"] = _make_wrapper(_make_wrapper(len))
        WrappedFunctions().restore(everywhere=True)
        assert "len" not in vars(module)
    finally:
        del sys.modules[module.__name__]


def test_wrappers_of_a_trace_that_goes_on_are_left() -> None:
    with _fx._new_patcher() as patcher, patcher:
        _fx._patch_wrapped_functions(patcher)
        inside = _fx._assert_is_none
        WrappedFunctions().restore(everywhere=True)
        assert _fx._assert_is_none is inside
    assert _fx._assert_is_none is not inside
