"""Small mends to a finished program, so that it can be saved, loaded and used further.

Each function names what upstream does wrong with the program as it stands.
"""

from __future__ import annotations

import dataclasses
import operator
import pickle
from typing import Any

import torch
from torch.export.graph_signature import SymBoolArgument, SymIntArgument

from .._reals.signature import signature_of
from .._reals.tape import tensors_in
from .._torch import pytree
from .._torch.fake import OpOverload
from .._torch.recording import is_saveable, plain_fake
from .._torch.shapes import ValueRanges, int_oo, is_unbacked
from .keys import spell_tuple_keys
from .known_sizes import cut_known_sizes
from .rounding import spell_roundings, spell_sums
from .size_lists import spell_size_lists


def mend(program: torch.export.ExportedProgram) -> None:
    """Applies every mend."""
    graph_module = program.graph_module
    changed = inline_regions_without_outputs(graph_module)
    for module in graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            read_elements(module.graph)
            spelled = spell_roundings(module.graph) | spell_sums(module.graph) | spell_size_lists(module.graph)
            if (
                drop_unused_reads(module.graph)
                | drop_empty_lists(module.graph)
                | cut_known_sizes(module.graph)
                | spelled
            ):
                module.recompile()
    name_outputs(program)
    mend_for_file(program)
    put_by_example_that_cannot_be_pickled(program)
    for call in program.module_call_graph:
        if call.signature is not None:
            spell_tuple_keys(call.signature.in_spec)
            call.signature.outputs[:] = [_spelled(argument) for argument in call.signature.outputs]
            call.signature.inputs[:] = [_spelled(argument) for argument in call.signature.inputs]
    if changed:
        graph_module.recompile()


def mend_for_file(program: torch.export.ExportedProgram) -> None:
    """The mends that change how a program is written, not what it does. A program that was made of a mended one, by
    `run_decompositions` say, needs them again.
    """
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            fill_keyword_defaults(module.graph)
            describe_plainly(module.graph)
    spell_conditions(program)
    state_known_numbers(program)
    widen_single_values(program)


def inline_regions_without_outputs(graph_module: torch.fx.GraphModule) -> bool:
    """A `no_grad` or autocast region whose results nobody uses becomes a region with no outputs; loading it fails with
    "missing val field". One that only asserts is dissolved, for an assertion is the same in any grad mode. One that
    writes has to stay what it is: it returns something.
    """
    regions = {
        torch.ops.higher_order.wrap_with_set_grad_enabled: 1,
        torch.ops.higher_order.wrap_with_autocast: 4,
    }
    changed = False
    for node in list(graph_module.graph.nodes):
        first = regions.get(node.target)
        if first is None or node.users:
            continue
        body = getattr(graph_module, node.args[first].target)
        changed = True
        if _writes(body):
            _return_something(graph_module, node, body)
            continue
        holder = node.args[first]
        _inline(graph_module, node, body, holder.target, node.args[first + 1 :])
        graph_module.graph.erase_node(node)
        if not holder.users:
            graph_module.graph.erase_node(holder)
    return changed


def _writes(body: torch.fx.GraphModule) -> bool:
    """Whether an operation in `body`, or in a region within it, writes to a tensor."""
    targets = [n.target for m in body.modules() if isinstance(m, torch.fx.GraphModule) for n in m.graph.nodes]
    return any(signature_of(target).writes for target in targets if isinstance(target, OpOverload))


def _return_something(graph_module: torch.fx.GraphModule, node: Any, body: torch.fx.GraphModule) -> None:
    """Lets a region return the last tensor made in it."""
    (output,) = (n for n in body.graph.nodes if n.op == "output")
    made = [n for n in body.graph.nodes if n.op == "call_function" and isinstance(n.meta.get("val"), torch.Tensor)]
    output.args = ((made[-1],),)
    output.meta["val"] = node.meta["val"] = (made[-1].meta["val"],)
    with graph_module.graph.inserting_after(node):
        taken = graph_module.graph.call_function(operator.getitem, (node, 0))
    taken.meta.update(made[-1].meta)
    body.recompile()


def _inline(
    graph_module: torch.fx.GraphModule, node: Any, body: torch.fx.GraphModule, prefix: str, operands: Any
) -> None:
    given = iter(operands)
    copies: dict[Any, Any] = {}
    with graph_module.graph.inserting_before(node):
        for inner in body.graph.nodes:
            if inner.op == "placeholder":
                copies[inner] = next(given)
            elif inner.op == "get_attr":
                name = f"{prefix}_{inner.target}".replace(".", "_")
                setattr(graph_module, name, _attribute(body, inner.target))
                copies[inner] = graph_module.graph.get_attr(name)
                copies[inner].meta.update(inner.meta)
            elif inner.op != "output":
                copies[inner] = graph_module.graph.node_copy(inner, lambda n: copies[n])


def _attribute(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = getattr(module, name)
    return module


def fill_keyword_defaults(graph: torch.fx.Graph) -> None:
    """An argument whose name is a Python keyword (`from` of `uniform_`) is not found again by the loader when it was
    left at its default; it is written out.
    """
    for node in graph.nodes:
        if not isinstance(node.target, OpOverload):
            continue
        arguments = [a for a in node.target._schema.arguments if not a.kwarg_only]
        if any(a.name == "from" for a in arguments[len(node.args) :]):
            rest = [node.kwargs.get(a.name, a.default_value) for a in arguments[len(node.args) :]]
            node.args = (*node.args, *rest)
            names = {a.name for a in arguments}
            node.kwargs = {k: v for k, v in node.kwargs.items() if k not in names}


def drop_unused_reads(graph: torch.fx.Graph) -> bool:
    """A read whose number was known before (`float(n)` after `int(n)`) stays behind with no value and no user; it is
    written to a file as a node that returns nothing, and loading that fails.
    """
    changed = False
    for node in reversed(graph.nodes):
        if node.target == torch.ops.aten.item.default and not node.users and node.meta.get("val") is None:
            graph.erase_node(node)
            changed = True
    return changed


def read_elements(graph: torch.fx.Graph) -> None:
    """A number read from a tensor that has dimensions, of size 1 each, ends a decomposition that keeps most operators
    ("Cannot cast FakeTensor to number"). Its one element is taken first.
    """
    for node in graph.nodes:
        tensor: Any = node.args[0] if node.target is torch.ops.aten.item.default else None
        value = tensor.meta.get("val") if isinstance(tensor, torch.fx.Node) else None
        if not isinstance(value, torch.Tensor):
            continue
        with graph.inserting_before(node), value.fake_mode:
            for _ in range(value.dim()):
                kept = {key: held for key, held in tensor.meta.items() if key in _OF_THE_SAME_LINE}
                tensor = graph.call_function(torch.ops.aten.select.int, (tensor, 0, 0))
                value = torch.ops.aten.select.int(value, 0, 0)
                tensor.meta.update(kept, val=value)
        node.args = (tensor,)


_OF_THE_SAME_LINE = ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn")


def drop_empty_lists(graph: torch.fx.Graph) -> bool:
    """An op that returns no tensor at all (`unbind` of a tensor with no rows) is written and not read again: the loader
    looks at the first of its results. Nothing uses it.
    """
    changed = False
    for node in reversed(graph.nodes):
        if node.users or not isinstance(node.target, OpOverload) or node.target._schema.is_mutable:
            continue
        if isinstance(node.meta.get("val"), (list, tuple)) and not node.meta["val"] and node.target._schema.returns:
            graph.erase_node(node)
            changed = True
    return changed


def describe_plainly(graph: torch.fx.Graph) -> None:
    """A value without strides (sparse CSR) or of a quantized dtype cannot be written to a file: the saver has no words
    for it. A plain tensor of its size stands in the node's metadata, as it does in any loaded program.
    """
    for node in graph.nodes:
        value = node.meta.get("val")
        if not all(is_saveable(tensor) for tensor in tensors_in(value)):
            node.meta["val"] = pytree.tree_map_only(
                torch.Tensor, lambda tensor: tensor if is_saveable(tensor) else plain_fake(tensor), value
            )


def name_outputs(program: torch.export.ExportedProgram) -> None:
    """Lets the signature follow where a mend put another node in the place of an output."""
    (output,) = (node for node in program.graph.nodes if node.op == "output")
    for spec, node in zip(program.graph_signature.output_specs, output.args[0], strict=True):
        if isinstance(node, torch.fx.Node) and getattr(spec.arg, "name", node.name) != node.name:
            spec.arg = dataclasses.replace(spec.arg, name=node.name)


def spell_conditions(program: torch.export.ExportedProgram) -> None:
    """A condition among the outputs (`x.shape[0] > 3`) cannot be written to a file: the signature's writer has no word
    for a symbolic bool ("TODO"). It is named as an integer, which Python's bools are; the node stays what it is.
    """
    for spec in program.graph_signature.output_specs:
        spec.arg = _spelled(spec.arg)


def _spelled(argument: Any) -> Any:
    return SymIntArgument(argument.name) if isinstance(argument, SymBoolArgument) else argument


def put_by_example_that_cannot_be_pickled(program: torch.export.ExportedProgram) -> None:
    """The saver pickles the example inputs, and so no program could be written, or read, whose inputs are of a class
    that pickle cannot find or make (one defined in a function, one that asks for attributes it does not have yet).
    `verify` finds the example where it is put.
    """
    if program.example_inputs is None:
        return
    leaves, spec = pytree.tree_flatten(program.example_inputs)
    try:
        pickle.loads(pickle.dumps(pytree.tree_unflatten([None] * len(leaves), spec)))
    except Exception:
        program._example = program.example_inputs
        program.example_inputs = None


def state_known_numbers(program: torch.export.ExportedProgram) -> None:
    """An unbacked symbol that an asserted equation can be solved for (`u0 == 0`, `u0 + 2 == x.shape[0]`), or that
    asserted bounds leave one value (`u0 >= 1` and `u0 <= 1`), and that stands in the program all the same, is replaced
    on loading and then missed. Stated as true, the condition makes the loader assume nothing; the node still computes
    it.
    """
    asserted = [n.args[0] for n in program.graph.nodes if n.target is torch.ops.aten._assert_scalar.default]
    conditions = [c for c in asserted if isinstance(c, torch.fx.Node) and isinstance(c.meta.get("val"), torch.SymBool)]
    bounds = {target: {c.args for c in conditions if c.target is target} for target in (operator.ge, operator.le)}
    single = bounds[operator.ge] & bounds[operator.le]
    for condition in conditions:
        known = condition.target is operator.eq or condition.args in single
        if known and any(is_unbacked(s) for s in condition.meta["val"].node._expr.free_symbols):
            condition.meta["val"] = True


def widen_single_values(program: torch.export.ExportedProgram) -> None:
    """An unbacked symbol whose range is one value is replaced by it on loading and then missed ("expected no unbacked
    symbols"). The range is widened; the assertion in the graph still holds it to the value.
    """
    for symbol, bounds in list(program.range_constraints.items()):
        if is_unbacked(symbol) and bounds.is_int and bounds.lower == bounds.upper:
            program.range_constraints[symbol] = ValueRanges(min(0, bounds.lower), int_oo)
