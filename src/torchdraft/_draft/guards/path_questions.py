"""What the model's code asks of symbols in the trace of one of several paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
import torch

from torchdraft._stack.transparent import acts_for_caller
from torchdraft._torch.graph.branch_marks import write_assertion
from torchdraft._torch.symbolic.shapes import is_unbacked

from .answers import Answers
from .size_guards import DECIDED

acts_for_caller(__file__)


class StoppedWhenAsked(BaseException):
    """Ends a trace at a question that data decides. No `Exception`, which code of the model might catch."""


class PathQuestions:
    """Passes what the code asks on to the `Answers` of the path. What they leave to the example is asserted where the
    code asks.
    """

    def __init__(self, env: Any) -> None:
        self.env = env
        self.answers: Answers | None = None
        self.are_noted = False
        """Whether the trace of the example notes that there are any: each is a path to trace."""
        self.asked = False
        """Whether anything was asked about symbols that does not follow from what is known of them."""
        self.end_the_trace = False
        """Whether such a question ends the trace: the paths of the model are traced instead."""
        self.ended = False
        self._user_cells: set[int] | None = None

    @property
    def is_asked(self) -> bool:
        """Whether the trace is that of one path."""
        return self.answers is not None

    def note(self, expr: Any) -> None:
        """Notes a question in the trace of the example. Raises `StoppedWhenAsked` where it ends the trace."""
        if not self.asked and expr.free_symbols:
            self.asked = self.env._maybe_evaluate_static(self.env.simplify(expr)) is None
        if self.asked and self.end_the_trace:
            self.ended = True
            raise StoppedWhenAsked

    def evaluate(self, sym_node: Any, upstream: Callable[[], Any]) -> Any:
        """The value of a symbolic number that code asks for; `upstream()` is what the shape environment makes of it."""
        expr = self.env.simplify(sym_node.expr)
        if not expr.free_symbols or self.env._maybe_evaluate_static(expr) is not None:
            return upstream()
        answer = self._answer(sym_node, expr)
        if answer is not None:
            return sympy.sympify(answer)
        result = upstream()
        if sym_node.pytype is float and not any(is_unbacked(symbol) for symbol in expr.free_symbols):
            self.assert_here(sympy.Eq(expr, result))  # of numbers from data it is asserted where it is deferred
        return result

    def assert_here(self, expr: Any) -> None:
        """Writes an assertion of the model's code where it stands: paths are compared before torch inserts its own."""
        known = expr in DECIDED or not expr.free_symbols or self.env._maybe_evaluate_static(expr) is not None
        if not known and not self._is_the_same_in_every_call(expr):
            write_assertion(self.env.create_symboolnode(expr), f"Runtime assertion failed for expression {expr}")

    def _answer(self, sym_node: Any, expr: Any) -> Any:
        """The answer of the path; None where the example has to answer."""
        assert self.answers is not None
        if self._is_the_same_in_every_call(expr):
            return None
        if sym_node.pytype is bool:
            return self.answers.answer(torch.SymBool(sym_node), expr, lambda: self.env.on_example(expr))
        if sym_node.pytype is not int:
            return None
        bounds = self.env.bound_sympy(expr)
        return self.answers.number(torch.SymInt(sym_node), (bounds.lower, bounds.upper), lambda: self._number(expr))

    def _number(self, expr: Any) -> int | None:
        """The value of an integer expression on the example; None where a symbol has no value there."""
        if not self.env.demand(expr):
            return None
        value = self.env.context.reals.symbols.substitute(expr)
        return int(value) if value.is_number else None

    def _is_the_same_in_every_call(self, expr: Any) -> bool:
        if self._user_cells is None:
            self._user_cells = self.env.context.user_cells()
        return bool(self.env.context.rests_on_constants(expr, self._user_cells))
