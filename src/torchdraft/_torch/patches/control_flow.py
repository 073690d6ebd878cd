"""Higher-order operators: outside Dynamo they compile their branches with it, which fails where a branch reads data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from torchdraft._torch.probe import need

from .registry import patched

_utils: Any = need("torch._higher_order_ops.utils")
need("torch._higher_order_ops.utils:_hop_compile_and_call")


class FallbackForControlFlow(Protocol):
    """Answers for an operator that Dynamo could not compile."""

    def watched(self, compile_and_run: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
        """What `compile_and_run()` returns or, where it raises, what the operator `name` returns for `args`."""
        ...


def branch_outputs(error: BaseException) -> dict[str, list[Any]]:
    """`true` and `false` → what that branch of a `cond` returns, where both had been traced when `error` was raised.

    They are locals of the functions that then compare them (`trace_cond`, or Dynamo's counterpart).
    """
    trace = error.__traceback__
    while trace is not None:
        graphs = {name: trace.tb_frame.f_locals.get(f"{name}_graph") for name in ("true", "false")}
        if all(graph is not None for graph in graphs.values()):
            return {name: _outputs(getattr(graph, "graph", graph)) for name, graph in graphs.items()}
        trace = trace.tb_next
    return {}


def _outputs(graph: Any) -> list[Any]:
    nodes = next(iter(graph.find_nodes(op="output"))).all_input_nodes
    return [node.meta.get("val", node.meta.get("example_value")) for node in nodes]


@contextmanager
def control_flow_fallback(rescuer: FallbackForControlFlow) -> Iterator[None]:
    """Where Dynamo cannot compile a higher-order operator's branches, `rescuer` answers instead.

    The operators reach Dynamo through `_hop_compile_and_call(fn, args)`, looked up in its module at each call; `fn` is
    a function local to the operator's own (`cond.<locals>._cond_op_wrapper`).
    """
    own = _utils._hop_compile_and_call

    def compile_and_call(fn: Any, args: tuple[Any, ...], kwargs: Any = None) -> Any:
        name = getattr(fn, "__qualname__", str(fn)).partition(".")[0]
        return rescuer.watched(lambda: own(fn, args, kwargs), name, args)

    with patched(_utils, "_hop_compile_and_call", compile_and_call):
        yield
