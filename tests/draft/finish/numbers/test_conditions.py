"""Numbers, written as tensors of one element."""

from __future__ import annotations

import math
import operator

import pytest
import torch

from torchdraft._draft.finish.numbers.conditions import ConditionWriter, NotWritable
from torchdraft._torch.symbolic.fake import FakeTensorMode

_FULL = torch.ops.aten.full.default


def writer() -> ConditionWriter:
    graph = torch.fx.Graph()
    made = ConditionWriter(graph, FakeTensorMode())
    made.before = graph.output(())
    return made


def computed(made: ConditionWriter, node: torch.fx.Node) -> float:
    """What a runtime computes that takes every number of the graph as a float of 32 bits."""
    (end,) = made.graph.find_nodes(op="output")
    end.args = (node,)
    for full in made.graph.find_nodes(op="call_function", target=_FULL):
        if isinstance(full.args[1], float):
            full.update_arg(1, torch.tensor(full.args[1], dtype=torch.float32).item())
    number: float = torch.fx.GraphModule({}, made.graph)().item()
    return number


@pytest.mark.parametrize(
    "value", [0.0, 0.1, -0.1, 1 / 3, 1e-5, 1e300, -1e-300, 5e-324, 2.0**53 + 2, math.pi * 1e40, math.inf, -math.inf]
)
def test_a_float_is_exact_where_numbers_have_32_bits(value: float) -> None:
    made = writer()
    assert computed(made, made.constant(value)) == value


@pytest.mark.parametrize("right", [3, -3, 1])
@pytest.mark.parametrize("left", [-7, -3, -2, 0, 2, 7])
def test_a_remainder_has_the_sign_of_the_divisor_without_the_operator_for_it(left: int, right: int) -> None:
    made = writer()
    with made.graph.inserting_before(made.before):
        node = made.graph.call_function(operator.mod, (left, right))
    node.meta["val"] = left % right
    found = computed(made, made.number(node))
    assert found == left % right
    assert not made.graph.find_nodes(op="call_function", target=torch.ops.aten.remainder.Tensor)


def test_a_number_that_is_none_cannot_be_written() -> None:
    with pytest.raises(NotWritable, match="'text'"):
        writer().number("text")
