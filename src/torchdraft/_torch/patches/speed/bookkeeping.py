"""What export writes down for every node, computed faster. Each replacement gives the same result as upstream's own.

On static shapes export spends most of its time here, not in the model. Each function below says what upstream does.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

import torch

from torchdraft._torch.patches.registry import patched
from torchdraft._torch.probe import need

from .node_stacks import fast_node_stacks

_trace_module: Any = need("torch.export._trace")
_program_module: Any = need("torch.export.exported_program")
need("torch.export.exported_program:_create_graph_module_for_export")
need("torch.export._trace:_detect_attribute_assignment")
_make_graph_module: Any = need("torch.fx._lazy_graph_module:_make_graph_module")
_proxy_tensor: Any = need("torch.fx.experimental.proxy_tensor")
_strip_root: Any = need("torch.export._trace:_strip_root")
_replace_unbacked_bindings: Any = need("torch.export._trace:_replace_unbacked_bindings")
_symbolic_shapes: Any = need("torch.fx.experimental.symbolic_shapes")
_unbacked_with_path: Any = need("torch.fx.experimental.symbolic_shapes:_free_unbacked_symbols_with_path")
_extract_tensor_metadata: Any = need("torch.fx.experimental.proxy_tensor:_extract_tensor_metadata")
_TensorMetadata: Any = need("torch.fx.passes.shape_prop:TensorMetadata")
_FakeTensor: Any = need("torch._subclasses.fake_tensor:FakeTensor")
_CacheMetadata: Any = need("torch._subclasses.fake_tensor:TensorMetadata")
_flatten_into: Any = need("torch._subclasses.fake_tensor:TensorMetadata._flatten_into")
_track_tensor: Any = need("torch.fx.experimental.proxy_tensor:track_tensor")
_set_proxy_slot: Any = need("torch.fx.experimental.proxy_tensor:set_proxy_slot")
_ProxyTensor: Any = need("torch.fx.experimental.proxy_tensor:_ProxyTensor")
_Memo: Any = need("torch._subclasses.fake_tensor:SymNumberMemoDescriptor")
_set_memo: Any = need("torch._subclasses.fake_tensor:SymNumberMemoDescriptor.__set__")
_pytree: Any = need("torch.utils._pytree")
_node_type: Any = need("torch.utils._pytree:_get_node_type")
without_torch_function: Any = need("torch._C:DisableTorchFunction")
"""Attributes of tensors read inside are answered by C++, past every function mode: a fifth of the reads of an export
are its own, while it looks at parameters."""


@contextmanager
def quick_bookkeeping(any_unbacked: Callable[[], bool]) -> Iterator[None]:
    """While active, what export notes for each node costs a fraction. `any_unbacked` tells whether the trace made an
    unbacked symbol.
    """

    def replace_unbacked_bindings(graph_module: torch.fx.GraphModule) -> None:
        if any_unbacked():
            with (
                patched(_symbolic_shapes, "_free_unbacked_symbols_with_path", unbacked_with_path),
                without_torch_function(),
            ):
                _replace_unbacked_bindings(graph_module)

    with ExitStack() as stack:
        stack.enter_context(fast_node_stacks())
        stack.enter_context(patched(_trace_module, "_replace_unbacked_bindings", replace_unbacked_bindings))
        stack.enter_context(patched(_trace_module, "pytree", _QuickTrees()))
        stack.enter_context(patched(_trace_module, "_detect_attribute_assignment", attributes_left_to_us))
        stack.enter_context(patched(_program_module, "_create_graph_module_for_export", _make_graph_module))
        stack.enter_context(patched(_proxy_tensor, "_extract_tensor_metadata", tensor_metadata))
        stack.enter_context(patched(_proxy_tensor, "track_tensor", track_tensor))
        stack.enter_context(patched(_CacheMetadata, "_flatten_into", flatten_into))
        stack.enter_context(patched(_Memo, "__set__", set_memo))
        stack.enter_context(patched(_pytree, "_get_node_type", node_type))
        yield


def attributes_left_to_us(_mod: torch.nn.Module) -> AbstractContextManager[None]:
    """Upstream copies and compares every attribute of every module, and can't where a container holds itself. The
    engine tells of what was assigned, and puts it back, before upstream looks.
    """
    return nullcontext()


def unbacked_with_path(value: Any, path: Any, *args: Any, **kwargs: Any) -> dict[Any, Any]:
    """Upstream's `_free_unbacked_symbols_with_path`, past the sizes, strides and offsets that are plain numbers."""
    if type(value) is int or (type(value) is _FakeTensor and not value._has_symbolic_sizes_strides):
        return {}
    found: dict[Any, Any] = _unbacked_with_path(value, path, *args, **kwargs)
    return found


class _QuickTrees:
    """`torch.utils._pytree` for `torch.export._trace`, which maps a tree of strings (a module stack) once per node."""

    def tree_map(self, function: Any, tree: Any, *rest: Any, **options: Any) -> Any:
        """Upstream's, but for the module stack of a node: `{key: (path, class)}`."""
        if function is _strip_root and not rest and not options and _is_module_stack(tree):
            return {key: (_strip_root(path), _strip_root(cls)) for key, (path, cls) in tree.items()}
        return _pytree.tree_map(function, tree, *rest, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(_pytree, name)


def _is_module_stack(tree: Any) -> bool:
    return type(tree) in (dict, OrderedDict) and all(
        type(value) is tuple and len(value) == 2 and type(value[0]) is str and type(value[1]) in (str, type)
        for value in tree.values()
    )


def tensor_metadata(result: torch.Tensor, include_contiguity: bool = True) -> Any:
    """Upstream's `_extract_tensor_metadata`, in plain numbers where sizes are plain numbers and memory is contiguous.

    Upstream asks for the memory format in terms that symbols understand, three times per tensor.
    """
    if type(result) is _FakeTensor and include_contiguity:
        with without_torch_function():
            if result.layout is torch.strided and not result.is_quantized and not result._has_symbolic_sizes_strides:
                shape, stride = result.shape, result.stride()
                if _contiguous(shape, stride):
                    return _TensorMetadata(
                        shape, result.dtype, result.requires_grad, stride, torch.contiguous_format, False, {}
                    )
    return _extract_tensor_metadata(result, include_contiguity)


def _contiguous(shape: torch.Size, stride: tuple[int, ...]) -> bool:
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride), strict=True):
        if size != 1 and step != expected:
            return False
        expected *= size
    return True


def node_type(tree: Any) -> Any:
    """Upstream's `_get_node_type`, which looks for the marks of a named tuple on every leaf."""
    cls = type(tree)
    return cls if cls is tuple or not issubclass(cls, tuple) else _node_type(tree)


def track_tensor(tensor: torch.Tensor, proxy: Any, *, constant: Any, tracer: Any) -> None:
    """Upstream's `track_tensor`, past its search for symbols where sizes are plain numbers."""
    if type(tensor) is _FakeTensor and not tensor._has_symbolic_sizes_strides:
        _set_proxy_slot(tensor, tracer, _ProxyTensor(proxy, constant))
    else:
        _track_tensor(tensor, proxy, constant=constant, tracer=tracer)


def flatten_into(self: Any, result: list[object], mode: Any, state: Any) -> None:
    """Upstream's key of a tensor in the cache of fake results, spelled out. The same key: the cache is shared."""
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


_CACHE_KEY = (
    "dtype", "shape", "stride", "device", "layout", "memory_format", "storage_offset", "storage_bytes", "requires_grad",
    "is_quantized", "is_conj", "is_neg", "is_inference", "is_sparse", "is_coalesced", "dense_dim", "sparse_dim",
)  # fmt: skip
if tuple(field.name for field in dataclasses.fields(_CacheMetadata)) != _CACHE_KEY:
    flatten_into = _flatten_into


def _numbers(values: Any) -> bool:
    return all(type(value) is int for value in values)


def _extend(result: list[object], values: Any) -> None:
    result.append(type(values))
    result.append(f"length_{len(values)}")
    for value in values:
        result.append(int)
        result.append(value)


def set_memo(self: Any, obj: Any, value: Any) -> None:
    """Upstream's, which builds three names each time; a new fake tensor clears five memos."""
    if value is None:
        name = self._name
        obj.__dict__.update(_CLEARED.get(name) or _cleared(name))
    else:
        _set_memo(self, obj, value)


_CLEARED: dict[str, dict[str, None]] = {}


def _cleared(name: str) -> dict[str, None]:
    return _CLEARED.setdefault(name, {f"_{name}": None, f"_{name}_vc": None, f"_{name}_epoch": None})
