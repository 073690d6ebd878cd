"""Runs torch's own export pipeline with a fake mode of ours inside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .probe import need

_export: Any = need("torch.export._trace:_export")
_tracing: Any = need("torch._guards:tracing")
TracingContext: Any = need("torch._guards:TracingContext")
_traced_nodes: Any = getattr(need("torch.fx.experimental.proxy_tensor"), "_FAKE_TENSOR_ID_TO_PROXY_MAP_FOR_EXPORT", {})
"""The last trace's nodes by fake tensor, which upstream leaves in a global until the next one."""
_use_lazy_graph_module: Any = need("torch.fx._lazy_graph_module:_use_lazy_graph_module")
_LazyGraphModule: Any = need("torch.fx._lazy_graph_module:_LazyGraphModule")
_constants_pass: Any = need("torch._export.passes.lift_constants_pass")
_unused_constant: Any = need("torch._export.passes.lift_constants_pass:_unused_constant")
_autocast_pass: Any = need("torch._export.passes.replace_autocast_with_hop_pass")
_nodes_first: Any = need("torch._export.utils:nodes_first")
_export_utils: Any = need("torch._export.utils")
_insert_deferred_runtime_asserts: Any = need("torch._export.utils:insert_deferred_runtime_asserts")
_non_strict_utils: Any = need("torch._export.non_strict_utils")
_constrain_by_hint: Any = need("torch._export.non_strict_utils:_constrain_user_specified_dimhint_range")
_DimHintType: Any = need("torch.export.dynamic_shapes:_DimHintType")
_is_constant_argument: Any = need("torch._export.non_strict_utils:_is_constant_argument")
_is_opaque_value: Any = need("torch._library.opaque_object:is_opaque_value")


def is_input(leaf: Any) -> bool:
    """Whether export can make an input of `leaf` (`torch._export.non_strict_utils.fakify`)."""
    plain = isinstance(leaf, (torch.Tensor, int, torch.SymInt, torch.ScriptObject, torch.nn.Module))
    return plain or bool(_is_constant_argument(leaf)) or bool(_is_opaque_value(leaf))


@contextmanager
def fake_mode_adopted(mode: Any) -> Iterator[None]:
    """Non-strict export takes the fake mode of the active tracing context instead of making its own
    (`torch._export.non_strict_utils.make_fake_inputs`).
    """
    with _tracing(TracingContext(mode)):
        yield


def write_inner_graphs(graph_module: torch.fx.GraphModule) -> None:
    """Makes plain graph modules of the lazy ones inside: branches, bodies of loops, `no_grad` and autocast regions.

    `program.module()` makes a plain one of the outermost and keeps those, and Dynamo refuses to look into a lazy one
    ("Attempted to inline function marked as skipped"): nobody could compile such a program, or export it by Dynamo.
    """
    for name, inner in list(graph_module.named_children()):
        if isinstance(inner, torch.fx.GraphModule):
            write_inner_graphs(inner)
        if isinstance(inner, _LazyGraphModule):
            written = torch.fx.GraphModule(inner, inner.graph)
            written.meta.update(inner.meta)
            setattr(graph_module, name, written)
