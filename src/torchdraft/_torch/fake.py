"""Fake tensors: the mode torchdraft subclasses, its exceptions, and small questions asked of a fake tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .dispatch import outside_modes
from .probe import need

FakeTensor: Any = need("torch._subclasses.fake_tensor:FakeTensor")
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
_higher_order_ops: Any = need("torch._ops:_higher_order_ops")


def faked_alone(mode: Any, tensor: torch.Tensor, fake_of: Callable[[torch.Tensor], Any]) -> Any:
    """`fake_of(tensor)`, with a view taken as a look at its storage and not as a view of another tensor.

    A fake of a view is made from a fake of its base. That base has sizes of its own, all dynamic: an input that shares
    memory with the base gets them instead of those asked for, and guards on them are asked of `x._base`, which an
    input of another call need not have. Without it the fakes share a storage and nothing else. A view that requires
    grad stays one, since it is no leaf.
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


def forget_numbers(tensor: torch.Tensor) -> None:
    """Makes a fake tensor forget the symbols that reading it made, so that the next read makes a new one."""
    for name in _MEMOS:
        setattr(tensor, name, None)


def same_storage(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether two tensors look at one storage. False for tensors that have none (sparse, opaque)."""
    try:
        return left.untyped_storage()._cdata == right.untyped_storage()._cdata
    except (RuntimeError, NotImplementedError):
        return False
