"""Guards of a program as a graph."""

from __future__ import annotations

import pytest
import torch
from torch.export import Dim

from torchdraft._torch import pytree
from torchdraft._torch.graph.guards import guard_graph, separate_guards
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import SHIP

PATHS = [path for path, _ in pytree.leaves_with_path({"x": 0, "y": [0]})]


@pytest.mark.parametrize(
    ("code", "values", "holds"),
    [
        ("L['x'] > 2 and L['y'][0] < 5", (3, 4), True),
        ("L['x'] > 2 and L['y'][0] < 5", (3, 5), False),
        ("L['x'] > 2 or not L['y'][0] < 5", (1, 5), True),
        ("L['x'] > 2 or not L['y'][0] < 5", (1, 4), False),
        ("2 <= L['x'] < L['y'][0]", (3, 3), False),
        ("2 <= L['x'] < L['y'][0]", (3, 4), True),
        ("max(L['x'], L['y'][0], 4) == 4", (1, 5), False),
        ("min(L['x'], L['y'][0]) == 1", (1, 5), True),
        ("(L['x'] if L['x'] > 2 else 9) == 9", (1, 0), True),
    ],
)
def test_a_guard_is_the_same_function_of_numbers_and_can_be_traced(
    code: str, values: tuple[int, int], holds: bool
) -> None:
    ((text, guard),) = separate_guards([code], PATHS)
    assert bool(guard(*values)) is holds
    assert "y[0]" in text or "y" not in code
    assert "L[" not in text
    graph = torch.fx.Graph()
    tracer = torch.fx.proxy.GraphAppendingTracer(graph)
    graph.output(guard(*[torch.fx.Proxy(graph.placeholder(name), tracer) for name in "xy"]).node)
    assert bool(torch.fx.GraphModule({}, graph)(*values)) is holds


def test_the_guards_of_a_program_are_named_and_computed() -> None:
    class Rows(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2

    rows = Dim("rows", min=3, max=9)
    program = torch.export.export(Rows(), (torch.ones(4, 2),), dynamic_shapes=({0: rows},))
    with applied(SHIP):
        found = guard_graph(program)
    assert found is not None
    assert [guard.text for guard in found[1]] == ["x.size()[0] >= 3", "x.size()[0] <= 9", "x.size()[1] == 2"]
    assert all(isinstance(guard.condition, torch.fx.Node) for guard in found[1])
