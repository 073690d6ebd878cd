"""The decisions of one trace: conditions of the model's code that data decides, each with its answer and its place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._stack.instructions import instruction
from torchdraft._stack.user_stack import here
from torchdraft._torch.graph.branch_marks import write_mark

from .places import Key, Places
from .python_state import State, capture

MOST_VALUES = 8
"""A number that selects what the model does is taken to be one of 0 to 7, or the example's value."""

NO_MORE = "the number that it asks for could be any other; state its range with `torch._check`"


@dataclass(frozen=True, slots=True)
class Decision:
    """One condition, answered."""

    key: Key
    expr: Any
    """The condition, as a sympy expression."""
    answer: bool
    mark: str
    """The text of its mark, a node of the traced graph."""
    state: State
    """What Python held when the condition was evaluated."""
    place: Mapping[str, Any]
    """The fields of an event that locate it."""
    one_sided: str = ""
    """Why it has no other side to explore."""
    of_number: bool = False
    """Whether it is one of several questions which number one is: what was asked before is held by nobody."""


class Decisions:
    """Answers conditions: the first as given, the others as another path answered them, or else as the example does."""

    def __init__(self, model: Any, forced: Sequence[bool] = (), preferred: Mapping[Key, bool] | None = None) -> None:
        self.model = model
        self.forced = tuple(forced)
        self.preferred = preferred or {}
        self.learn: Callable[[Any, bool], None] = lambda _expr, _answer: None
        """Called with each condition and its answer."""
        self.taken: list[Decision] = []
        self._answers: dict[Any, bool] = {}
        self._places = Places()

    def answer(
        self, condition: Any, expr: Any, example: Any, one_sided: str = "", *, of_number: bool = False
    ) -> bool | None:
        """The answer to a condition, a `SymBool` whose expression is `expr`; None where the example has none either.

        `example()` evaluates it on the example. `one_sided`: why it has no other side to explore.
        """
        if expr in self._answers:
            return self._answers[expr]
        place = here()
        code = (place["module"], *((code, instruction(code, lasti)) for code, _, lasti in place["stack"]))
        key = self._places.next(code)
        chosen = None if one_sided else self._chosen(key)
        answer = example() if chosen is None else chosen
        if answer is None:
            return None
        self._places.passed(key)
        state = capture(sys._getframe(1), self.model)
        mark = f"decision {len(self.taken)}"
        write_mark(condition, mark, state.tensors, state.numbers)
        self.taken.append(Decision(key, expr, answer, mark, state, place, one_sided, of_number))
        self._answers[expr] = answer
        self.learn(expr, answer)
        return answer

    def number(self, asked: Any, bounds: tuple[Any, Any], example: Any) -> int | None:
        """The answer to the question which integer a `SymInt` is: one value after the other is asked for, first the
        example's. None where the example has no value.

        `bounds` are the least and the greatest value that it can have.
        """
        first = example()
        if first is None:
            return None
        low, high = bounds
        others = [value for value in range(MOST_VALUES) if value != first and low <= value <= high]
        values = [first, *others]
        for value in values:
            condition = asked == value
            if not isinstance(condition, torch.SymBool):
                return value if condition else None
            last = value == values[-1]
            why = NO_MORE if last else ""
            answer = self.answer(condition, condition.node.expr, lambda: True, why, of_number=True)
            if answer is None:
                return None
            if answer:
                return value
        return None

    def _chosen(self, key: Key) -> bool | None:
        position = len(self.taken)
        return self.forced[position] if position < len(self.forced) else self.preferred.get(key)
