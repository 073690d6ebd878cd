"""Writes to memory that exists before a branch: the program does them, on the side that does."""

from __future__ import annotations

import pytest
import torch

from tests.draft.paths.every_path import DOWN, UP, assert_right
from tests.draft.paths.models import EFFECTS, WritesBuffer


@pytest.mark.parametrize("model", EFFECTS, ids=lambda model: model.__name__)
def test_both_sides_write_what_the_model_writes(model: type[torch.nn.Module]) -> None:
    assert_right(model(), *EFFECTS[model])


def test_a_side_writes_to_copies_of_what_is_outside() -> None:
    """`torch.cond` refuses sides that write to their operands."""
    program = assert_right(WritesBuffer(), (UP,), (DOWN,))
    operands = [
        argument
        for each in program.graph_module.children()
        for node in each.graph.nodes
        if getattr(getattr(node.target, "_schema", None), "is_mutable", False)
        for argument in node.args[:1]
    ]
    assert operands
    assert all(operand.op != "placeholder" for operand in operands)
