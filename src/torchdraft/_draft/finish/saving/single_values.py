"""Unbacked symbols that can have one value only, which the loader of a file replaces by that value."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from torchdraft._torch.symbolic.shapes import ValueRanges, int_oo, is_unbacked

from ..passes.registry import Stage, program_pass


@program_pass(
    Stage.SAVE,
    why="The loader solves an asserted equation for an unbacked symbol (`u0 == 0`, `u0 + 2 == x.shape[0]`) or finds a "
    "single value between bounds (`u0 >= 1` and `u0 <= 1`). It replaces the symbol, and then misses it in the rest "
    "of the program.",
    upstream="torch._export.serde.serialize.GraphModuleDeserializer.deserialize_sym_op_inputs",
)
def describe_equations_as_true(program: torch.export.ExportedProgram) -> bool:
    """Describes asserted equations of unbacked symbols as True in the metadata of their nodes, from which the loader
    concludes nothing. The nodes still compute and assert them.
    """
    asserted = [n.args[0] for n in program.graph.nodes if n.target is torch.ops.aten._assert_scalar.default]
    conditions = [c for c in asserted if isinstance(c, torch.fx.Node) and isinstance(c.meta.get("val"), torch.SymBool)]
    bounds = {target: {c.args for c in conditions if c.target is target} for target in (operator.ge, operator.le)}
    single = bounds[operator.ge] & bounds[operator.le]
    for condition in conditions:
        decides = condition.target is operator.eq or condition.args in single
        if decides and any(is_unbacked(s) for s in condition.meta["val"].node._expr.free_symbols):
            condition.meta["val"] = True
    return False


@contextmanager
def single_value_ranges_widened(program: torch.export.ExportedProgram) -> Iterator[None]:
    """A context in which the range of an unbacked symbol is never one value, for what is written to a file.

    The loader replaces a symbol with such a range, and can miss it afterwards ("expected no unbacked symbols",
    `torch._export.serde.serialize.GraphModuleDeserializer.deserialize_sym_int`). The assertion in the graph still holds
    the symbol to its value.
    """
    ranges = dict(program.range_constraints)
    for symbol, bounds in ranges.items():
        if is_unbacked(symbol) and bounds.is_int and bounds.lower == bounds.upper:
            program.range_constraints[symbol] = ValueRanges(min(0, bounds.lower), int_oo)
    try:
        yield
    finally:
        program.range_constraints.update(ranges)
