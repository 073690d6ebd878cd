"""Fake tensors: the mode that torchdraft subclasses, its exceptions, conversion of views, memos of symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .. import pytree
from ..dispatch import outside_modes
from ..probe import need

FakeTensor: Any = need("torch._subclasses.fake_tensor:FakeTensor")
FAKE_PROPERTIES = {id(m.fget.__code__) for m in vars(FakeTensor).values() if isinstance(m, property) and m.fget}
"""Identities of the code of the properties in which fake tensors read those of tensors: `layout`, since torch 2.15."""
FakeTensorMode: Any = need("torch._subclasses.fake_tensor:FakeTensorMode")
DataDependentOutputException: Any = need("torch._subclasses.fake_tensor:DataDependentOutputException")
DynamicOutputShapeException: Any = need("torch._subclasses.fake_tensor:DynamicOutputShapeException")
UnsupportedOperatorException: Any = need("torch._subclasses.fake_tensor:UnsupportedOperatorException")
UnsupportedMutationAliasingException: Any = need("torch._subclasses.fake_tensor:UnsupportedMutationAliasingException")
OpOverload: Any = need("torch._ops:OpOverload")
need("torch._subclasses.fake_tensor:FakeTensorMode.dispatch")
need("torch._subclasses.fake_tensor:FakeTensorMode.from_tensor")
need("torch._subclasses.fake_tensor:FakeTensorConverter.set_tensor_memo")
need("torch._subclasses.fake_tensor:FakeTensorConverter._get_memo")

WeakTensorTable: Any = need("torch.utils.weak:WeakTensorKeyDictionary")
allocate_size: Any = need("torch._library.fake_impl:allocate_size")


def fake_without_base(mode: Any, tensor: torch.Tensor, fake_of: Callable[[torch.Tensor], Any]) -> Any:
    """`fake_of(tensor)`, where a view is converted as a tensor that is no view.

    Upstream converts a view through its base. The fake base has dynamic sizes only: an input that shares memory with
    the base gets these instead of the requested ones, and guards on them read `x._base`, which an input of another call
    may not have. Without the base, fake tensors that share memory still share a storage. A view that requires grad is
    converted as a view, because it is no leaf.
    """
    plain = type(tensor) is torch.Tensor and tensor.layout is torch.strided and not tensor.requires_grad
    converter = mode.fake_tensor_converter
    if not plain or not tensor._is_view() or converter._get_memo(tensor) is not None:
        return fake_of(tensor)
    with outside_modes():
        alone = tensor.detach()
    fake = fake_of(alone)
    converter.set_tensor_memo(tensor, fake)
    return fake


_Memo: Any = need("torch._subclasses.fake_tensor:SymNumberMemoDescriptor")
_MEMOS = [name for name, value in vars(FakeTensor).items() if isinstance(value, _Memo) and not value._is_nested_int]


def clear_symbol_memos(tensor: torch.Tensor) -> None:
    """Clears the symbols that reads of a fake tensor created (`item_memo` …); the next read creates another."""
    for name in _MEMOS:
        setattr(tensor, name, None)


def raises_for_all_data(func: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    """Whether a function raises on tensors like its arguments whatever their data is. False where that is unknown."""
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    try:
        with outside_modes(), mode:
            given, named = pytree.tree_map_only(torch.Tensor, mode.from_tensor, (args, kwargs))
            func(*given, **named)
    except (
        DataDependentOutputException,
        DynamicOutputShapeException,
        UnsupportedOperatorException,
        UnsupportedMutationAliasingException,
    ):
        return False
    except Exception:  # what the function raises
        return True
    return False


def same_storage(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether two tensors share a storage. False for tensors without one (sparse, opaque)."""
    try:
        return left.untyped_storage()._cdata == right.untyped_storage()._cdata
    except (RuntimeError, NotImplementedError):
        return False
