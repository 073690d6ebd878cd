"""Runs torch's own export pipeline with a fake mode of ours inside it, and the patches that takes."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from torchdraft._torch.export import (
    _autocast_pass,
    _constants_pass,
    _constrain_by_hint,
    _DimHintType,
    _export,
    _export_utils,
    _insert_deferred_runtime_asserts,
    _nodes_first,
    _non_strict_utils,
    _traced_nodes,
    _unused_constant,
    _use_lazy_graph_module,
    fake_mode_adopted,
)
from torchdraft._torch.patches.speed.bookkeeping import quick_bookkeeping
from torchdraft._torch.probe import need

from .registry import patched


def export(
    mod: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    mode: Any | None,
    any_unbacked: Callable[[], bool] = lambda: True,
    **options: Any,
) -> torch.export.ExportedProgram:
    """`torch.export`'s pipeline, with graph code generated once at the end instead of after every pass.

    Export regenerates the Python of its graph about 24 times; a lazy graph module writes it when somebody calls it.
    The strict path asks Dynamo's graph for what only a written one has (`_in_spec`), so there it is written each time.
    """
    with ExitStack() as stack:
        stack.enter_context(_use_lazy_graph_module(not options.get("strict")))
        stack.enter_context(quick_bookkeeping(any_unbacked))
        stack.enter_context(constants_without_users_dropped())
        stack.enter_context(autocast_with_branches_kept())
        stack.enter_context(guards_asserted_without_operations())
        stack.enter_context(fixed_dimensions_let_pass())
        if mode is not None:
            stack.enter_context(fake_mode_adopted(mode))
        stack.callback(_traced_nodes.clear)
        return _export(mod, args, dict(kwargs), **options)


@contextmanager
def constants_without_users_dropped() -> Iterator[None]:
    """A constant that no node uses at all (a sparse tensor's, taken apart while it was traced) ends an export with
    `StopIteration`: upstream looks at the first of its users. Here it is one more unused constant.
    """

    def unused_constant(node: torch.fx.Node) -> Any:
        return _unused_constant(node) if node.users else [node]

    with patched(_constants_pass, "_unused_constant", unused_constant):
        yield


@contextmanager
def autocast_with_branches_kept() -> Iterator[None]:
    """An autocast region is known by its first node that is no placeholder. With a control flow operator in it that is
    a branch of the operator's, and the bare calls that enter and leave autocast stay in the graph, which then cannot be
    saved. Here the branches are passed over.
    """

    def first(nodes: Any, wanted: Callable[[torch.fx.Node], bool]) -> Any:
        return _nodes_first(nodes, lambda node: node.op != "get_attr" and wanted(node))

    with patched(_autocast_pass, "nodes_first", first):
        yield


@contextmanager
def guards_asserted_without_operations() -> Iterator[None]:
    """A graph with no operation (`x * 3 if x.shape[0] == 1 else x`) gets no assertion about its inputs: upstream writes
    them before the first node that is no placeholder, and leaves out the output. Here another node stands in between
    for as long as that takes.
    """

    def insert(graph_module: torch.fx.GraphModule, *args: Any, **kwargs: Any) -> None:
        first = next(node for node in graph_module.graph.nodes if node.op != "placeholder")
        if first.op != "output":
            return _insert_deferred_runtime_asserts(graph_module, *args, **kwargs)
        with graph_module.graph.inserting_before(first):
            anchor = graph_module.graph.call_function(operator.add, (0, 0))
        _insert_deferred_runtime_asserts(graph_module, *args, **kwargs)
        graph_module.graph.erase_node(anchor)
        return None

    with patched(_export_utils, "insert_deferred_runtime_asserts", insert):
        yield


@contextmanager
def fixed_dimensions_let_pass() -> Iterator[None]:
    """A finished trace is thrown away where it fixed a dimension that was declared `Dim.DYNAMIC`. Here it stays, as it
    does for `Dim.AUTO`, and the report tells of it. Bounds that the fixed size breaks still end the export.
    """

    def constrain(size: Any, hint: Any, dim: Any, *args: Any, **kwargs: Any) -> Any:
        return _constrain_by_hint(size, hint, dataclasses.replace(dim, type=_DimHintType.AUTO), *args, **kwargs)

    with patched(_non_strict_utils, "_constrain_user_specified_dimhint_range", constrain):
        yield


@contextmanager
def without_printed_graphs() -> Iterator[None]:
    """A failing export prints its half-made graph to stderr (`_log_export_wrapper`), a graph that fails when it is
    called the line that failed (`torch.fx.graph_module`); here they do not.
    """
    modules = [need("torch.export._trace"), need("torch.fx.graph_module")]
    for module in modules:
        module.print = lambda *_, **__: None
    try:
        yield
    finally:
        for module in modules:
            del module.print


def lowered(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """`program` as export with `pre_dispatch=False` makes it: functional, composite ops taken apart, nothing else.

    Tracing at that level directly loses assertions: its dead code elimination runs before they are written and removes
    the reads they are about. Here they are nodes of the graph already.
    """
    operators: Any = need("torch._export.utils:_collect_all_valid_cia_ops")()
    decomposition: Any = need("torch._export.utils:_get_decomp_for_cia")
    with _use_lazy_graph_module(True):
        return program.run_decompositions({op: decomposition(op) for op in operators})


@contextmanager
def module_stack_kept() -> Iterator[None]:
    """A module call that raises leaves its entry on the tracer's stack of modules, and a model that catches the
    exception ends in "Unexpected key" (`torch.fx.Tracer.call_module`). Here the entry goes.
    """
    own = torch.fx.Tracer.call_module

    def call_module(self: Any, *args: Any, **kwargs: Any) -> Any:
        depth = len(self.module_stack)
        try:
            return own(self, *args, **kwargs)
        except BaseException:
            while len(self.module_stack) > depth:
                self.module_stack.popitem()
            raise

    with patched(torch.fx.Tracer, "call_module", call_module):
        yield


@contextmanager
def text_outputs_loaded() -> Iterator[None]:
    """A program that returns a text is written to a file and not read again ("Unable to deserialize output node")."""
    cls: Any = need("torch._export.serde.serialize:GraphModuleDeserializer")
    own = cls.deserialize_graph_output

    def deserialize_graph_output(self: Any, output: Any) -> Any:
        return output.as_string if output.type == "as_string" else own(self, output)

    with patched(cls, "deserialize_graph_output", deserialize_graph_output):
        yield
