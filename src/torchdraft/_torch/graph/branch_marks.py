"""Marks in the graph being traced: where Python code asked for a truth value, and what it held then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..dispatch import current_tracer, in_transform, proxy_mode
from ..probe import need

_library = torch.library.Library("torchdraft", "FRAGMENT")
_library.define("branch(Scalar condition, str mark, Tensor[] tensors, Scalar[] numbers) -> ()")
BRANCH: Any = torch.ops.torchdraft.branch.default
torch.fx.node.has_side_effect(BRANCH)

_proxies: Any = need("torch.fx.experimental.proxy_tensor:_fetch_proxies_and_all_constant_flag")
_has_slot: Any = need("torch.fx.experimental.proxy_tensor:has_proxy_slot")


def is_traced(tensor: torch.Tensor) -> bool:
    """Whether `tensor` has a node in the graph being traced."""
    mode = proxy_mode()
    return mode is not None and bool(_has_slot(tensor, mode.tracer))


def write_mark(condition: Any, mark: str, tensors: Sequence[torch.Tensor], numbers: Sequence[Any]) -> None:
    """Adds a node with the condition, a `SymBool`, and what Python holds. Raises `CannotMark` where it cannot."""
    mode = proxy_mode()
    if mode is None or in_transform():
        raise CannotMark("the model's code branches where nothing is traced")
    count = len(tensors)
    _, proxies, _ = _proxies([condition, *tensors, *numbers], mode.tracer)
    if not all(isinstance(proxy, torch.fx.Proxy) for proxy in proxies):
        raise CannotMark("the graph has no node for what the model's code holds where it branches")
    asked, held = proxies[0], proxies[1:]
    made = mode.tracer.create_proxy("call_function", BRANCH, (asked, mark, held[:count], held[count:]), {})
    made.node.meta["val"] = None


class CannotMark(RuntimeError):
    """A condition has no node in the graph being traced."""


def write_assertion(condition: Any, message: str) -> None:
    """Adds an assertion of a `SymBool` at this place of the graph being traced."""
    tracer = getattr(current_tracer(), "fx_tracer", None)  # an operation that asks is running, without the proxy mode
    if tracer is None or in_transform():
        raise CannotMark("a condition is asserted where nothing is traced")
    _, (asked,), _ = _proxies([condition], tracer)
    if not isinstance(asked, torch.fx.Proxy):
        raise CannotMark(f"the graph has no node for a condition that is asserted: {condition}")
    made = tracer.create_proxy("call_function", torch.ops.aten._assert_scalar.default, (asked, message), {})
    made.node.meta["val"] = None


def modes_of_operations() -> tuple[object, ...]:
    """Modes that change what an operation does: gradients, autocast, the default dtype."""
    return (
        torch.get_default_dtype(),
        torch.get_autocast_dtype("cpu"),
        torch.get_autocast_dtype("cuda"),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.is_autocast_enabled("cuda"),
    )


def assert_inner_marks(graph: torch.fx.Graph, answers: Mapping[str, bool]) -> None:
    """Replaces marks by assertions that their conditions have these answers."""
    for node in graph.find_nodes(op="call_function", target=BRANCH):
        with graph.inserting_before(node):
            asked = node.args[0] if answers[node.args[1]] else graph.call_function(torch.sym_not, (node.args[0],))
            message = f"Runtime assertion failed for expression {node.args[0]} on node '{node.args[0]}'"
            graph.call_function(torch.ops.aten._assert_scalar.default, (asked, message))
        graph.erase_node(node)
