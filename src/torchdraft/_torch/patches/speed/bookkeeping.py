"""What export and the fake mode compute for every tensor, made faster. Each replacement returns what upstream returns.

On static shapes export spends most of its time here, not in the model.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from torchdraft._torch.dispatch import without_function_modes
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import EXPORT
from torchdraft._torch.probe import need

_extract_tensor_metadata: Any = need("torch.fx.experimental.proxy_tensor:_extract_tensor_metadata")
_TensorMetadata: Any = need("torch.fx.passes.shape_prop:TensorMetadata")
_FakeTensor: Any = need("torch._subclasses.fake_tensor:FakeTensor")
_CacheMetadata: Any = need("torch._subclasses.fake_tensor:TensorMetadata")
_flatten_into: Any = need("torch._subclasses.fake_tensor:TensorMetadata._flatten_into")
_track_tensor: Any = need("torch.fx.experimental.proxy_tensor:track_tensor")
_set_proxy_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")
_ProxyTensor: Any = need("torch.fx.experimental.proxy_tensor:_ProxyTensor")
_set_memo: Any = need("torch._subclasses.fake_tensor:SymNumberMemoDescriptor.__set__")
_node_type: Any = need("torch.utils._pytree:_get_node_type")


@patches(
    "torch.fx.experimental.proxy_tensor:_extract_tensor_metadata",
    scope=EXPORT,
    why="Speed: upstream computes the memory format with operations for symbolic sizes, three times per tensor.",
)
def fast_tensor_metadata(_original: Any) -> Any:
    """Uses `tensor_metadata`, with a shortcut for contiguous tensors whose sizes are plain integers."""
    return tensor_metadata


def tensor_metadata(result: torch.Tensor, include_contiguity: bool = True) -> Any:
    """Upstream's `_extract_tensor_metadata`, with a shortcut for contiguous tensors whose sizes are plain integers, and
    without guards on the others: the memory format depends on which sizes are equal.
    """
    if type(result) is _FakeTensor and include_contiguity:
        with without_function_modes():
            if result.layout is torch.strided and not result.is_quantized and not result._has_symbolic_sizes_strides:
                shape, stride = result.shape, result.stride()
                if _contiguous(shape, stride):
                    return _TensorMetadata(
                        shape, result.dtype, result.requires_grad, stride, torch.contiguous_format, False, {}
                    )
    env = getattr(getattr(result, "fake_mode", None), "shape_env", None)
    if env is not None and result._has_symbolic_sizes_strides:
        with env.suppress_guards():  # what is written about a tensor assumes nothing of it
            return _extract_tensor_metadata(result, include_contiguity)
    return _extract_tensor_metadata(result, include_contiguity)


def _contiguous(shape: torch.Size, stride: tuple[int, ...]) -> bool:
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride), strict=True):
        if size != 1 and step != expected:
            return False
        expected *= size
    return True


@patches(
    "torch.utils._pytree:_get_node_type",
    scope=EXPORT,
    why="Speed: upstream searches every leaf for the attributes of a named tuple.",
)
def fast_node_type(_original: Any) -> Any:
    """Uses `node_type`, which treats only subclasses of `tuple` as possible named tuples."""
    return node_type


def node_type(tree: Any) -> Any:
    """Upstream's `_get_node_type`, which treats only subclasses of `tuple` as possible named tuples."""
    cls = type(tree)
    return cls if cls is tuple or not issubclass(cls, tuple) else _node_type(tree)


@patches(
    "torch.fx.experimental.proxy_tensor:track_tensor",
    scope=EXPORT,
    why="Speed: upstream examines every size, stride and offset of a tensor for symbols.",
)
def fast_track_tensor(_original: Any) -> Any:
    """Uses `track_tensor`, which skips the search where all sizes are plain integers."""
    return track_tensor


def track_tensor(tensor: torch.Tensor, proxy: Any, *, constant: Any, tracer: Any) -> None:
    """Upstream's `track_tensor`, which skips the search where all sizes are plain integers."""
    if type(tensor) is _FakeTensor and not tensor._has_symbolic_sizes_strides:
        _set_proxy_slot(tensor, tracer, _ProxyTensor(proxy, constant))
    else:
        _track_tensor(tensor, proxy, constant=constant, tracer=tracer)


@patches(
    "torch._subclasses.fake_tensor:TensorMetadata._flatten_into",
    scope=EXPORT,
    why="Speed: upstream iterates over the fields of the dataclass for each key of the fake tensor cache.",
)
def fast_cache_key(_original: Any) -> Any:
    """Uses `flatten_into`, which builds the same key; upstream's own where the dataclass has unexpected fields."""
    same_fields = tuple(field.name for field in dataclasses.fields(_CacheMetadata)) == _CACHE_KEY
    return flatten_into if same_fields else _flatten_into


_CACHE_KEY = (
    "dtype", "shape", "stride", "device", "layout", "memory_format", "storage_offset", "storage_bytes", "requires_grad",
    "is_quantized", "is_conj", "is_neg", "is_inference", "is_sparse", "is_coalesced", "dense_dim", "sparse_dim",
)  # fmt: skip


def flatten_into(self: Any, result: list[object], mode: Any, state: Any) -> None:
    """Appends the same key as upstream's `_flatten_into`, which matters because the cache is shared with it."""
    offset, size = self.storage_offset, self.storage_bytes
    if type(offset) is int and type(size) is int and _numbers(self.shape) and _numbers(self.stride):
        result.append(self.dtype)
        _extend(result, self.shape)
        _extend(result, self.stride)
        result += (
            self.device, self.layout, self.memory_format, offset, size, self.requires_grad, self.is_quantized,
            self.is_conj, self.is_neg, self.is_inference, self.is_sparse, self.is_coalesced, self.dense_dim,
            self.sparse_dim,
        )  # fmt: skip
    else:
        _flatten_into(self, result, mode, state)


def _numbers(values: Any) -> bool:
    return all(type(value) is int for value in values)


def _extend(result: list[object], values: Any) -> None:
    result.append(type(values))
    result.append(f"length_{len(values)}")
    for value in values:
        result.append(int)
        result.append(value)


@patches(
    "torch._subclasses.fake_tensor:SymNumberMemoDescriptor.__set__",
    scope=EXPORT,
    why="Speed: upstream builds three attribute names each time, and a new fake tensor clears five memos.",
)
def fast_set_memo(_original: Any) -> Any:
    """Uses `set_memo`, which builds the names of a cleared memo once."""
    return set_memo


def set_memo(self: Any, obj: Any, value: Any) -> None:
    """Upstream's `SymNumberMemoDescriptor.__set__`, with the names of a cleared memo built once."""
    if value is None:
        name = self._name
        obj.__dict__.update(_CLEARED.get(name) or _cleared(name))
    else:
        _set_memo(self, obj, value)


_CLEARED: dict[str, dict[str, None]] = {}


def _cleared(name: str) -> dict[str, None]:
    return _CLEARED.setdefault(name, {f"_{name}": None, f"_{name}_vc": None, f"_{name}_epoch": None})
