"""Graph passes that let a program be written to a `.pt2` file and read again."""

from __future__ import annotations

import dataclasses
import operator
import pickle
from typing import Any

import torch
from torch.export.graph_signature import SymBoolArgument, SymIntArgument

from torchdraft._torch import pytree
from torchdraft._torch.fake import OpOverload
from torchdraft._torch.graph_nodes import is_saveable, plain_fake
from torchdraft._torch.shapes import ValueRanges, int_oo, is_unbacked
from torchdraft._torch.tensors.nested import tensors_in


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


def conditions_as_integers(program: torch.export.ExportedProgram) -> None:
    """A condition among the outputs (`x.shape[0] > 3`) cannot be written to a file: the signature's writer has no word
    for a symbolic bool ("TODO"). It is named as an integer, which Python's bools are; the node stays what it is.
    """
    for spec in program.graph_signature.output_specs:
        spec.arg = _spelled(spec.arg)


def _spelled(argument: Any) -> Any:
    return SymIntArgument(argument.name) if isinstance(argument, SymBoolArgument) else argument


def drop_unpicklable_example(program: torch.export.ExportedProgram) -> None:
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
