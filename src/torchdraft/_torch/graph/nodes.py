"""Nodes of the graph being traced: adding and reading them, and tensors that their metadata cannot describe."""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Iterator
from typing import Any

import sympy
import torch

from .. import pytree
from ..dispatch import proxy_mode
from ..probe import need


def has_strides(tensor: torch.Tensor) -> bool:
    """Whether a tensor has sizes and strides."""
    try:
        tensor.stride(), tensor.shape
    except (RuntimeError, NotImplementedError):
        return False
    return True


def has_plain_memory(tensor: torch.Tensor) -> bool:
    """Whether a tensor is a plain strided one: not sparse, nested, quantized or opaque."""
    return tensor.layout is torch.strided and not tensor.is_nested and not tensor.is_quantized


def plain_surrogate(tensor: torch.Tensor) -> torch.Tensor:
    """A plain tensor of the same size, dtype and device, as far as these exist; called under a fake mode."""
    with contextlib.suppress(RuntimeError, NotImplementedError):
        size = tensor.shape
        return torch.empty(size, dtype=PLAIN_DTYPES.get(tensor.dtype, tensor.dtype), device=tensor.device)
    return torch.empty(0, dtype=tensor.dtype, device=tensor.device)


PLAIN_DTYPES = {torch.qint8: torch.int8, torch.quint8: torch.uint8, torch.qint32: torch.int32}
"""A quantized dtype → the dtype of its integers."""


def can_be_asserted_later(tensor: torch.Tensor) -> bool:
    """Whether an assertion about `tensor` may be added after its op. Inside a transform it must be added at once."""
    return tensor.device.type == "cpu" and _current_transform() is None


def is_copy_of_input(tensor: torch.Tensor) -> bool:
    """Whether the graph being traced takes the elements of `tensor` from an input or a constant as they are."""
    mode = proxy_mode()
    made = None if mode is None else mode.tracer.tensor_tracker.get(tensor)
    node = None if made is None else made.proxy.node
    while node is not None and node.op == "call_function":
        operation = str(node.target).partition(".")[2].partition(".")[0]
        if operation not in _COPYING and not getattr(node.target, "is_view", False):
            return False
        node = next(iter(node.all_input_nodes), None)
    return node is not None


_COPYING = {"clone", "detach", "alias", "lift_fresh", "lift_fresh_copy", "contiguous", "_to_copy"}


def is_saveable(tensor: torch.Tensor) -> bool:
    """Whether the metadata of `tensor` can be serialized."""
    return tensor.dtype in _saved_dtypes and tensor.layout in _saved_layouts and has_strides(tensor)


def plain_fake(fake: Any) -> torch.Tensor:
    """A plain fake tensor of the size of `fake`, in its fake mode."""
    with fake.fake_mode:
        return plain_surrogate(fake)


_current_transform: Any = need("torch._C._functorch:peek_interpreter_stack")
_saved_dtypes: Any = need("torch._export.serde.serialize:_TORCH_TO_SERIALIZE_DTYPE")
_saved_layouts: Any = need("torch._export.serde.serialize:_TORCH_TO_SERIALIZE_LAYOUT")


def write_node(func: Any, args: Any, kwargs: Any, out: Any) -> None:
    """Adds `out = func(*args, **kwargs)` to the graph being traced, without running `func`."""
    mode = proxy_mode()
    if mode is None:
        return
    flat, spec = pytree.tree_flatten((args, kwargs))
    _, proxies, _ = _proxies(flat, mode.tracer)
    given, named = pytree.tree_unflatten(proxies, spec)
    made = mode.tracer.create_proxy("call_function", func, given, named)
    _track(out, made, constant=None, tracer=mode.tracer)


def write_number_assertion(
    read: Any, tensor: torch.Tensor, place: tuple[int, ...], want: Any, sizes: Any, message: str
) -> bool:
    """Adds an assertion to the graph being traced that `read(tensor, *place)` is `want`, whose symbols are in `sizes`:
    each with a tensor and the dimension that it is. Returns whether it could.

    The nodes are written and not run: torch's fake kernels return what is known, so that no node would result.
    """
    mode = proxy_mode()
    if mode is None:
        return False
    expr = want.node.expr if isinstance(want, torch.SymInt) else sympy.Integer(want)
    symbols = sorted(expr.free_symbols, key=str)
    example = want.node.hint if isinstance(want, torch.SymInt) else want
    if example is None or any(symbol not in sizes for symbol in symbols):
        return False
    _, given, _ = _proxies([tensor, *(sizes[symbol][0] for symbol in symbols)], mode.tracer)
    if not all(isinstance(proxy, torch.fx.Proxy) for proxy in given):
        return False

    def call(target: Any, args: Any, value: Any) -> Any:
        made = mode.tracer.create_proxy("call_function", target, args, {})
        made.node.meta["val"] = value
        return made

    known = {
        symbol: call(torch.ops.aten.sym_size.int, (proxy, sizes[symbol][1]), sizes[symbol][0].shape[sizes[symbol][1]])
        for symbol, proxy in zip(symbols, given[1:], strict=True)
    }
    got = call(read, (given[0], *place), example)  # torch replaces nodes whose symbolic values are the same by one
    wanted = _computed(expr, known, call)
    if wanted is None:
        return False
    call(torch.ops.aten._assert_scalar.default, (call(operator.eq, (got, wanted), True), message), None)
    return True


def _computed(expr: Any, known: dict[Any, Any], call: Any) -> Any:
    """The nodes of a product or sum of sizes; None for any other expression."""
    if expr.is_Integer:
        return int(expr)
    if expr in known:
        return known[expr]
    if not isinstance(expr, (sympy.Mul, sympy.Add)):
        return None
    op = operator.mul if isinstance(expr, sympy.Mul) else operator.add
    parts = [_computed(part, known, call) for part in expr.args]
    if any(part is None for part in parts):
        return None
    return functools.reduce(lambda left, right: call(op, (left, right), op(_value(left), _value(right))), parts)


def _value(number: Any) -> Any:
    return number.node.meta["val"] if isinstance(number, torch.fx.Proxy) else number


def set_stack_since(last: torch.fx.Node | None, stack: str) -> None:
    """Sets `stack_trace` of the nodes added since `last`."""
    for node in _nodes_since(last) if stack else ():
        node.meta["stack_trace"] = stack


def describe_nodes_since(last: torch.fx.Node | None, recorded: torch.fx.Node) -> None:
    """Gives the nodes that were added since `last` the stack trace and the submodules of the recorded node that they
    replay. A replay runs in the recorded module, and has no user frames.
    """
    stack, modules = recorded.meta.get("stack_trace"), recorded.meta.get("nn_module_stack") or {}
    for node in _nodes_since(last):
        if stack:
            node.meta["stack_trace"] = stack
        outer = node.meta.get("nn_module_stack")
        if outer and modules:
            around, _ = next(reversed(outer.values()))
            inner = {f"{around}.{key}": (f"{around}.{name}", cls) for key, (name, cls) in modules.items()}
            node.meta["nn_module_stack"] = {**outer, **inner}


def last_node() -> torch.fx.Node | None:
    """The node added last to the graph being traced; None outside of a trace."""
    mode = proxy_mode()
    return None if mode is None else mode.tracer.graph._root.prev


def numbers_read_since(last: torch.fx.Node | None) -> Iterator[tuple[torch.fx.Node, torch.Tensor | None]]:
    """The reads of a number that were added since `last`, each with its tensor; None where that was freed."""
    mode = proxy_mode()
    for node in _nodes_since(last):
        if node.target in NUMBER_READS:
            yield node, _tensor_of(node.args[0], mode.tracer)


def _nodes_since(last: torch.fx.Node | None) -> Iterator[torch.fx.Node]:
    """The nodes that were added to the graph being traced since `last`, the newest first; none outside of a trace."""
    node = last_node()
    while node is not None and node is not last and node.op != "root":
        yield node
        node = node.prev


def copy_origin(node: torch.fx.Node, replaced: torch.fx.Node) -> None:
    """Gives `node` the metadata of `replaced` that says where a node comes from."""
    node.meta.update({key: replaced.meta[key] for key in _ORIGIN if key in replaced.meta})


def copy_origin_since(last: torch.fx.Node | None, replaced: torch.fx.Node) -> None:
    """Gives the nodes that were added since `last` the metadata of `replaced` that says where a node comes from."""
    for node in _nodes_since(last):
        copy_origin(node, replaced)


_ORIGIN = ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn")
"""Metadata that says where a node comes from."""


def _tensor_of(node: Any, tracer: Any) -> torch.Tensor | None:
    return next((t for t, proxy in tracer.tensor_tracker.items() if proxy.proxy.node is node), None)


NUMBER_READS = (torch.ops.aten.item.default, torch.ops.aten._local_scalar_dense.default)
ASSERTED = "torchdraft_asserted"
"""Key of `node.meta` for a recorded read of a number whose value is asserted by another node."""

_proxies: Any = need("torch.fx.experimental.proxy_tensor:_fetch_proxies_and_all_constant_flag")
_track: Any = need("torch.fx.experimental.proxy_tensor:track_tensor_tree")


def has_transform_steps(graph: torch.fx.Graph) -> bool:
    """Whether `graph` contains functorch's own steps, which Dynamo inserts.

    When they are traced again, those of `grad` and `vjp` lose the wrapping silently, and those of `vmap` leave a level
    on functorch's stack, for the rest of the process, whenever an assertion between them fails.
    """
    return any(getattr(node.target, "__module__", None) == "torch._functorch.predispatch" for node in graph.nodes)
