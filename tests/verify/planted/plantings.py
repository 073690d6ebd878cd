"""Plantings: functions that make a finished program wrong.

A planting gets a copy of the program and the values of its nodes on the example. It makes one change and returns a
description of it, or None if there is nothing to change.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.export.graph_signature import InputKind

from .graph import Program, add_constant, asserts, calls, from_inputs, placeholders, replace, symbols, used

aten = torch.ops.aten
Planting = Callable[[Program, Mapping[str, Any], random.Random], str | None]
PLANTINGS: dict[str, Planting] = {}


def planting(name: str) -> Callable[[Planting], Planting]:
    """Registers a planting."""

    def register(function: Planting) -> Planting:
        PLANTINGS[name] = function
        return function

    return register


@planting("assertion dropped")
def drop_assertion(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Removes all assertions on one number."""
    chosen = pick(rng, (node for node in calls(program) if asserts(node) and symbols(node)))
    if chosen is None:
        return None
    about = symbols(chosen)
    for node in list(calls(program)):
        if asserts(node) and symbols(node) == about:
            program.graph.erase_node(node)
    forget_guards(program, about)
    return f"nothing is asserted of {', '.join(sorted(about))}"


@planting("all assertions dropped")
def drop_assertions(program: Program, _values: Mapping[str, Any], _rng: random.Random) -> str | None:
    """Removes all assertions."""
    found = [node for node in calls(program) if asserts(node)]
    for node in found:
        program.graph.erase_node(node)
    forget_guards(program, frozenset(str(symbol) for symbol in program.range_constraints))
    return f"{len(found)} assertions" if found else None


@planting("tensor baked")
def bake_tensor(program: Program, values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Replaces a computed tensor by its value on the example."""
    computed = from_inputs(program) & used(program)
    chosen = pick(rng, (node for node in calls(program) if node in computed and is_static(node)))
    if chosen is None or not isinstance(values.get(chosen.name), torch.Tensor):
        return None
    replace(chosen, add_constant(program, values[chosen.name]))
    return f"{chosen.name} is a constant"


@planting("number baked")
def bake_number(program: Program, values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Replaces a number read from a tensor by its value on the example, and removes the assertions on it."""
    chosen = pick(rng, (node for node in calls(program) if node.target is aten.item.default and node.users))
    if chosen is None:
        return None
    replace(chosen, values[chosen.name])
    drop_decided(program)
    return f"{chosen.name} is {values[chosen.name]}"


@planting("dtype dropped")
def drop_dtype(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Removes a dtype conversion, or adds one before an output."""
    casts = (aten.to.dtype, aten._to_copy.default, aten.to.dtype_layout)
    chosen = pick(rng, (node for node in calls(program) if node.target in casts and node in used(program)))
    if chosen is not None:
        replace(chosen, chosen.args[0])
        return f"{chosen.name} leaves its input as it is"
    output = next(node for node in program.graph.nodes if node.op == "output")
    chosen = pick(rng, (node for node in output.all_input_nodes if is_float(node) and node.op == "call_function"))
    if chosen is None:
        return None
    with program.graph.inserting_before(output):
        wide = program.graph.call_function(aten.to.dtype, (chosen, torch.float64))
    replace(chosen, wide, lambda user: user is output)
    return f"output {chosen.name} is converted to float64"


@planting("size fixed")
def fix_size(program: Program, values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Replaces a size by its value on the example."""
    reached = used(program)
    sizes = (node for node in calls(program) if node.target is aten.sym_size.int and symbols(node) and node in reached)
    chosen = pick(rng, sizes)
    if chosen is None:
        return None
    replace(chosen, values[chosen.name])
    drop_decided(program)
    return f"{chosen.name} is {values[chosen.name]}"


@planting("buffer write lost")
def lose_buffer_write(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Redirects writes to a copy of a buffer."""
    return write_to_copy(program, pick(rng, written(program, InputKind.BUFFER)))


@planting("input write lost")
def lose_input_write(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Redirects writes to a copy of an input."""
    return write_to_copy(program, pick(rng, written(program, InputKind.USER_INPUT)))


@planting("branch swapped")
def swap_branch(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Exchanges the two sides of a `cond` or `where`."""
    sides = {torch.ops.higher_order.cond, aten.where.self, aten.where.ScalarOther, aten.where.Scalar}
    chosen = pick(rng, (node for node in calls(program) if node.target in sides and node in used(program)))
    if chosen is None:
        return None
    condition, one, two, *rest = chosen.args
    if chosen.target is aten.where.ScalarOther:
        with program.graph.inserting_before(chosen):
            condition = program.graph.call_function(aten.logical_not.default, (condition,))
        one, two = two, one
    chosen.args = (condition, two, one, *rest)
    return f"{chosen.name} takes the other side"


@planting("operator swapped")
def swap_operator(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Replaces an operator by another one of the same signature."""
    reached = used(program)
    chosen = pick(rng, (node for node in calls(program) if node.target in SWAPS and node in reached))
    if chosen is None:
        return None
    before = chosen.target
    chosen.target = SWAPS[before]
    return f"{chosen.name}: {before} became {chosen.target}"


@planting("number written differently")
def change_literal(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Adds one to a literal of the model."""
    reached = used(program)
    found = [
        (node, index)
        for node in calls(program)
        if node in reached and node.target in (aten.add.Tensor, aten.mul.Tensor, aten.sub.Tensor, aten.div.Tensor)
        for index, arg in enumerate(node.args)
        if type(arg) in (int, float)
    ]
    if not found:
        return None
    node, index = rng.choice(found)
    number: Any = node.args[index]
    node.update_arg(index, number + 1)
    return f"{number} in {node.name} became {number + 1}"


@planting("outputs exchanged")
def exchange_outputs(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Exchanges two outputs of the same kind."""
    output = next(node for node in program.graph.nodes if node.op == "output")
    results: Any = list(output.args[0])
    like: dict[Any, list[int]] = {}
    for index, node in enumerate(results):
        if isinstance(node, torch.fx.Node) and is_static(node):
            like.setdefault((node.meta["val"].shape, node.meta["val"].dtype), []).append(index)
    pairs = [group for group in like.values() if len({results[index] for index in group}) > 1]
    if not pairs:
        return None
    one, two = rng.sample(rng.choice(pairs), 2)
    results[one], results[two] = results[two], results[one]
    specs = program.graph_signature.output_specs
    specs[one].arg, specs[two].arg = specs[two].arg, specs[one].arg
    output.args = (tuple(results),)
    return f"outputs {one} and {two}"


@planting("randomness dropped")
def drop_randomness(program: Program, _values: Mapping[str, Any], rng: random.Random) -> str | None:
    """Disables a dropout, or replaces random numbers by zeros."""
    drawn = (aten.dropout.default, aten.rand_like.default, aten.randn_like.default, aten.bernoulli.p)
    chosen = pick(rng, (node for node in calls(program) if node.target in drawn and node in used(program)))
    if chosen is None:
        return None
    if chosen.target in (aten.dropout.default, aten.bernoulli.p):
        replace(chosen, chosen.args[0])
    else:
        chosen.target = aten.zeros_like.default
    return f"{chosen.name} draws nothing"


SWAPS: dict[Any, Any] = {
    aten.add.Tensor: aten.sub.Tensor,
    aten.sub.Tensor: aten.add.Tensor,
    aten.mul.Tensor: aten.add.Tensor,
    aten.relu.default: aten.neg.default,
    aten.sin.default: aten.cos.default,
    aten.tanh.default: aten.sigmoid.default,
    aten.sigmoid.default: aten.tanh.default,
    aten.gt.Scalar: aten.lt.Scalar,
    aten.sum.dim_IntList: aten.amax.default,
    aten.max.default: aten.min.default,
    operator.add: operator.sub,
    operator.mul: operator.add,
    operator.floordiv: operator.mul,
}


# -- shared steps


def pick(rng: random.Random, nodes: Iterable[torch.fx.Node]) -> torch.fx.Node | None:
    """A random one of the nodes, or None."""
    found = list(nodes)
    return rng.choice(found) if found else None


def is_static(node: torch.fx.Node) -> bool:
    """True if a node is a tensor with static sizes."""
    held = node.meta.get("val")
    return isinstance(held, torch.Tensor) and all(isinstance(size, int) for size in held.shape)


def is_float(node: torch.fx.Node) -> bool:
    """True if a node is a float32 tensor."""
    held = node.meta.get("val")
    return isinstance(held, torch.Tensor) and held.dtype is torch.float32


def written(program: Program, kind: InputKind) -> list[torch.fx.Node]:
    """The inputs of a kind that an operation writes to."""
    return [
        node
        for node in placeholders(program, kind)
        if any(writes(user) for user in node.users if user.args and user.args[0] is node)
    ]


def writes(node: torch.fx.Node) -> bool:
    """True if an operation writes to its first argument."""
    return str(node.target).split(".")[1:2] != [] and str(node.target).split(".")[1].endswith("_")


def write_to_copy(program: Program, chosen: torch.fx.Node | None) -> str | None:
    """Replaces an input by a copy in all operations."""
    if chosen is None:
        return None
    last = [node for node in program.graph.nodes if node.op == "placeholder"][-1]
    with program.graph.inserting_after(last):
        copied = program.graph.call_function(aten.clone.default, (chosen,))
    replace(chosen, copied, lambda user: user is not copied)
    return f"{chosen.name} is not written to"


def drop_decided(program: Program) -> None:
    """Removes assertions on numbers that have become constants."""
    for node in list(calls(program)):
        if asserts(node) and not node.all_input_nodes:
            program.graph.erase_node(node)


def forget_guards(program: Program, about: frozenset[str]) -> None:
    """Removes the guards and ranges of these symbols."""
    for symbol, interval in list(program.range_constraints.items()):
        if str(symbol) in about and interval.is_int:
            program.range_constraints[symbol] = type(interval)(0, interval.upper)
    vars(program)["_guards_code"] = []
