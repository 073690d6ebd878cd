"""Patches of `torch.export` and of the FX tracer that it uses."""

from __future__ import annotations

import dataclasses
import operator
import os
from collections.abc import Callable
from typing import Any

import torch

from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import CALL, EXPORT, LOAD, TRACE
from torchdraft._torch.probe import need
from torchdraft._torch.pytree import tree_leaves

_DimHintType: Any = need("torch.export.dynamic_shapes:_DimHintType")


@patches(
    "torch._export.passes.lift_constants_pass:_unused_constant",
    scope=EXPORT,
    why="A constant that no node uses (a sparse tensor that was decomposed during the trace) ends the export with "
    "`StopIteration`, because upstream looks at the first of its users.",
)
def constants_without_users_dropped(original: Any) -> Any:
    """Treats a constant without any user as an unused constant."""

    def unused_constant(node: torch.fx.Node) -> Any:
        return original(node) if node.users else [node]

    return unused_constant


@patches(
    "torch._export.passes.replace_autocast_with_hop_pass:nodes_first",
    scope=EXPORT,
    why="An autocast region is recognised by its first node that is no placeholder. A control flow operator in the "
    "region puts a branch (`get_attr`) first, the calls that enter and leave autocast stay in the graph, and the "
    "program cannot be saved.",
)
def autocast_regions_recognised(original: Any) -> Any:
    """Skips `get_attr` nodes in the search for the first node of an autocast region."""

    def nodes_first(nodes: Any, wanted: Callable[[torch.fx.Node], bool]) -> Any:
        return original(nodes, lambda node: node.op != "get_attr" and wanted(node))

    return nodes_first


@patches(
    "torch._export.utils:insert_deferred_runtime_asserts",
    scope=EXPORT,
    why="A graph without operations (`x * 3 if x.shape[0] == 1 else x`) gets no assertion about its inputs: upstream "
    "inserts them before the first node that is neither a placeholder nor the output.",
)
def guards_asserted_without_operations(original: Any) -> Any:
    """Inserts a node into a graph without operations while the assertions are inserted, and erases it afterwards."""

    def insert(graph_module: torch.fx.GraphModule, *args: Any, **kwargs: Any) -> None:
        first = next(node for node in graph_module.graph.nodes if node.op != "placeholder")
        if first.op != "output":
            original(graph_module, *args, **kwargs)
            return
        with graph_module.graph.inserting_before(first):
            anchor = graph_module.graph.call_function(operator.add, (0, 0))
        original(graph_module, *args, **kwargs)
        graph_module.graph.erase_node(anchor)

    return insert


@patches(
    "torch._export.non_strict_utils:_constrain_user_specified_dimhint_range",
    scope=EXPORT,
    why="Upstream discards a finished trace that specialized a dimension declared `Dim.DYNAMIC`. torchdraft keeps the "
    "trace and reports the specialization. Bounds that the specialized size violates still end the export.",
)
def dynamic_dims_as_auto(original: Any) -> Any:
    """Checks a dimension declared `Dim.DYNAMIC` as `Dim.AUTO` would be checked."""

    def constrain(size: Any, hint: Any, dim: Any, *args: Any, **kwargs: Any) -> Any:
        return original(size, hint, dataclasses.replace(dim, type=_DimHintType.AUTO), *args, **kwargs)

    return constrain


@patches(
    "torch.export._trace:make_constraints",
    scope=EXPORT,
    why="Shapes for what `**kwargs` takes end a finished trace with an AssertionError: upstream compares them with the "
    "inputs once under the name of that parameter and once under the names of the arguments.",
    upstream="torch.export._trace._get_range_constraints",
)
def variadic_shapes_by_name(original: Any) -> Any:
    """Names the arguments that `**kwargs` takes, and their shapes, as they are named in the graph."""

    def make_constraints(mode: Any, module: Any, inputs: Any, shapes: Any, lifted: int) -> Any:
        placeholders = len(module.graph.find_nodes(op="placeholder")) - lifted
        if len(tree_leaves(inputs)) == placeholders:  # no input is there twice
            return original(mode, module, inputs, shapes, lifted)
        for name, spec in list(shapes.items()) if isinstance(shapes, dict) else ():
            given = inputs.get(name)
            if isinstance(given, dict) and isinstance(spec, dict) and given and _repeats(inputs, name, given):
                inputs = {key: value for key, value in inputs.items() if key != name}
                shapes = {key: value for key, value in shapes.items() if key != name} | spec
        return original(mode, module, inputs, shapes, lifted)

    return make_constraints


def _repeats(inputs: dict[str, Any], name: str, given: dict[str, Any]) -> bool:
    """Whether all values of `given`, the input `name`, are inputs themselves."""
    return name not in given and all(key in inputs and inputs[key] is value for key, value in given.items())


@patches(
    "torch.export._trace:print",
    "torch.fx.graph_module:print",
    scope=CALL,
    why="An export that fails prints its incomplete graph to stderr, and a graph module that fails prints the line. "
    "torchdraft tries another rung after such a failure. TORCH_LOGS or TORCH_TRACE keep the output.",
    upstream="torch.export._trace._log_export_wrapper, torch.fx.graph_module._WrappedCall",
)
def nothing_printed(original: Any) -> Any:
    """Gives the module a `print` that prints nothing."""
    if os.environ.get("TORCH_LOGS") or os.environ.get("TORCH_TRACE"):
        return original
    return lambda *_, **__: None


@patches(
    "torch.fx:Tracer.call_module",
    scope=TRACE,
    why="A module call that raises leaves its entry on the tracer's `module_stack`; where the model catches the "
    'exception, the trace ends with "Unexpected key".',
)
def module_stack_restored(original: Any) -> Any:
    """Removes the entries that a module call leaves on the tracer's module stack when it raises."""

    def call_module(self: Any, *args: Any, **kwargs: Any) -> Any:
        depth = len(self.module_stack)
        try:
            return original(self, *args, **kwargs)
        except BaseException:
            while len(self.module_stack) > depth:
                self.module_stack.popitem()
            raise

    return call_module


@patches(
    "torch.fx:Interpreter.run",
    scope=EXPORT,
    why="Export interprets a graph module (`program.module()`) and does not call it, so that the recorder in the place "
    "of its `forward` would never run: no rung below the first one could give a program.",
    upstream="torch.export._trace._non_strict_export",
)
def replaced_forward_called(original: Any) -> Any:
    """Calls the `forward` that a graph module has been given for the time of the trace."""

    def run(self: Any, *args: Any, **options: Any) -> Any:
        forward = vars(self.module).get("forward")
        if forward is None or options:
            return original(self, *args, **options)
        structure = getattr(self.module, "_in_spec", None)
        names = structure.child(1).context if structure is not None and structure.num_children == 2 else []
        positional = len(args) - len(names)
        return forward(*args[:positional], **dict(zip(names, args[positional:], strict=True)))

    return run


@patches(
    "torch._export.serde.serialize:GraphModuleDeserializer.deserialize_graph_output",
    scope=LOAD,
    why="A program that returns a string can be saved but not loaded "
    '("Unable to deserialize output node"): upstream writes such an output and has no case that reads it.',
)
def string_outputs_loaded(original: Any) -> Any:
    """Deserializes a graph output that is a string."""

    def deserialize_graph_output(self: Any, output: Any) -> Any:
        return output.as_string if output.type == "as_string" else original(self, output)

    return deserialize_graph_output
