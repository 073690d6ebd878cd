"""Faults planted in the merging of paths: the fuzzer has to find each of them where the comparison of the merged graph
with the paths is off, and the comparison has to find it where it is on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch

from torchdraft._draft.paths import explore
from torchdraft._draft.paths.explore import Explorer
from torchdraft._draft.paths.merging import loops, merge, outputs
from torchdraft._torch.graph.control_flow import COND

Plant = Callable[[], Any]


def prefix_out_of_step() -> Any:
    """The path of another side is traced with another answer to the first branch."""
    original = Explorer._first_that_traces

    def out_of_step(self: Any, forced: list[bool], path: Any) -> Any:
        return original(self, [not forced[0], *forced[1:]] if len(forced) > 1 else forced, path)

    return mock.patch.object(Explorer, "_first_that_traces", out_of_step)


def write_leaks() -> Any:
    """What one side writes to memory is there on the other side as well."""
    original = outputs.WrittenMemory.give

    def give(self: Any, side: Any) -> list[torch.fx.Node]:
        (content,) = original(self, side)
        return [side.call(torch.ops.aten.add.Tensor, (content, 1))] if content.target is _CLONE else [content]

    return mock.patch.object(outputs.WrittenMemory, "give", give)


_CLONE = torch.ops.aten.clone.default


def write_is_lost() -> Any:
    """What a side writes to memory that is there before it is not written back."""
    return mock.patch.object(outputs, "_written", return_value=[])


def stale_condition() -> Any:
    """Every branch asks the condition of the first one."""
    original = merge._write_cond
    first: list[Any] = []

    def stale(body: Any, *others: Any) -> None:
        original(body, *others)
        made = [node for node in body.graph.nodes if node.target is COND]
        if body.parent is None:
            first[:] = made[:1]
            for node in made[1:]:
                node.args = (first[0].args[0], *node.args[1:])

    return mock.patch.object(merge, "_write_cond", stale)


def stale_turn() -> Any:
    """The last tensor that a loop carries is never another one."""
    original = loops.carried_by

    def stale(loop: Any) -> list[Any]:
        *others, last = original(loop)
        return [*others, loops.Carried(last.before, last.before, last.at_last)]

    return mock.patch.object(loops, "carried_by", stale)


FAULTS: dict[str, Plant] = {
    plant.__name__: plant for plant in (prefix_out_of_step, write_leaks, write_is_lost, stale_condition, stale_turn)
}


@contextmanager
def planted(name: str, *, compared: bool) -> Iterator[None]:
    """A fault in the engine. `compared`: the merged graph is compared with the paths, as ever."""
    with FAULTS[name]():
        if compared:
            yield
        else:
            with mock.patch.object(explore, "disagreement", return_value=""):
                yield
