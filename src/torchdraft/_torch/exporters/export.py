"""torch's export pipeline: which inputs it accepts, whose fake mode it uses, and what remains to do after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ..probe import need

_tracing: Any = need("torch._guards:tracing")
_TracingContext: Any = need("torch._guards:TracingContext")
_use_lazy_graph_module: Any = need("torch.fx._lazy_graph_module:_use_lazy_graph_module")
_LazyGraphModule: Any = need("torch.fx._lazy_graph_module:_LazyGraphModule")
_composite_operators: Any = need("torch._export.utils:_collect_all_valid_cia_ops")
_decomposition_of: Any = need("torch._export.utils:_get_decomp_for_cia")
_is_constant_argument: Any = need("torch._export.non_strict_utils:_is_constant_argument")
is_opaque_value: Any = need("torch._library.opaque_object:is_opaque_value")
is_opaque_constant: Any = need("torch._library.opaque_object:is_opaque_value_type")
"""Whether a class is registered as opaque and its objects are compared by value."""


def is_input(leaf: Any) -> bool:
    """Whether export can make an input of `leaf` (`torch._export.non_strict_utils.fakify`)."""
    plain = isinstance(leaf, (torch.Tensor, int, torch.SymInt, torch.ScriptObject, torch.nn.Module))
    return plain or bool(_is_constant_argument(leaf)) or bool(is_opaque_value(leaf))


@contextmanager
def fake_mode_adopted(mode: Any) -> Iterator[None]:
    """A context in which non-strict export uses the fake mode `mode` instead of creating one.

    Export takes the mode of the active tracing context (`torch._export.non_strict_utils.make_fake_inputs`).
    """
    with _tracing(_TracingContext(mode)):
        yield


def make_inner_graphs_plain(graph_module: torch.fx.GraphModule) -> None:
    """Replaces the lazy graph modules inside `graph_module` by plain ones: branches, loop bodies, `no_grad` and
    autocast regions.

    `program.module()` makes only the outermost one plain, and Dynamo refuses to inline a lazy one ("Attempted to inline
    function marked as skipped"), so such a program could neither be compiled nor exported again in strict mode.
    """
    for name, inner in list(graph_module.named_children()):
        if isinstance(inner, torch.fx.GraphModule):
            make_inner_graphs_plain(inner)
        if isinstance(inner, _LazyGraphModule):
            written = torch.fx.GraphModule(inner, inner.graph)
            written.meta.update(inner.meta)
            setattr(graph_module, name, written)


def lowered(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """`program` as export with `pre_dispatch=False` makes it: functional, with composite ops decomposed.

    Tracing at that level directly loses assertions: its dead code elimination runs before they are inserted and removes
    the reads that they need. Here they are nodes of the graph already.
    """
    with _use_lazy_graph_module(True):
        return program.run_decompositions({op: _decomposition_of(op) for op in _composite_operators()})
