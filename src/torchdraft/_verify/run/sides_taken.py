"""Which sides of its branches a program takes in a run."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._source.locations import user_frames_of_text
from torchdraft._torch.graph.control_flow import COND, WHILE_LOOP
from torchdraft.model import Location


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the branches on one line of the model's code: with the condition, or without."""

    file: str
    line: int
    answer: bool
    """Of a loop: whether it has a turn."""

    def is_at(self, place: Location | None) -> bool:
        """Whether the side is of a branch on this line."""
        return place is not None and (place.file, place.line) == (self.file, self.line)


class SidesTaken:
    """Watches the branches of a program's module, which it changes. Branches of which no line is known are left out.
    None: nothing can be watched.
    """

    def __init__(self, program: torch.nn.Module | None) -> None:
        self._taken: set[Side] = set()
        self.all: tuple[Side, ...] = ()
        """The sides of the program, in the order of its graph."""
        self.equal: Counter[Side] = Counter()
        """Side → on how many inputs that take it the program equals the model."""
        if isinstance(program, torch.fx.GraphModule):
            self.all = tuple(dict.fromkeys(self._watch(program)))

    @property
    def unseen(self) -> tuple[Side, ...]:
        """The sides that no input with an equal result has taken."""
        return tuple(side for side in self.all if not self.equal[side])

    def taken(self, run: Callable[[], Any]) -> tuple[Any, frozenset[Side]]:
        """What a function returns, and the sides that the program takes meanwhile."""
        self._taken.clear()
        result = run()
        return result, frozenset(self._taken)

    def _watch(self, module: torch.fx.GraphModule) -> Iterator[Side]:
        for node in list(module.graph.nodes):
            for place in _line_of(node) if node.target in (COND, WHILE_LOOP) else ():
                yield from (Side(*place, answer) for answer in (True, False))
                asked = node.args[0] if node.target is COND else node.args[2][0]
                with module.graph.inserting_before(node):
                    module.graph.call_function(self._notes(place), (asked,))
            inner = getattr(module, str(node.target), None) if node.op == "get_attr" else None
            if isinstance(inner, torch.fx.GraphModule):
                watched = torch.fx.GraphModule(inner, copy.deepcopy(inner.graph))  # the program itself holds `inner`
                setattr(module, str(node.target), watched)
                yield from self._watch(watched)
        module.recompile()

    def _notes(self, place: tuple[str, int]) -> Callable[[Any], None]:
        def note_side(asked: Any) -> None:
            if type(asked) in (bool, int, torch.Tensor):  # torch traces the sides of a branch under other classes
                self._taken.add(Side(*place, bool(asked)))

        return note_side


def _line_of(node: torch.fx.Node) -> Iterator[tuple[str, int]]:
    """The user's line behind a node, if it is known."""
    frames = user_frames_of_text(node.meta.get("stack_trace") or "")
    if frames:
        yield frames[-1].file, frames[-1].line
