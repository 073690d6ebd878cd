"""What holds on the side of a branch that is being traced, and need not hold on the example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sympy
import torch

from torchdraft._torch.graph.control_flow import returned_by

from .assumed_sizes import fitting_sizes
from .implied_comparisons import follows
from .size_guards import DECIDED

if TYPE_CHECKING:
    from torchdraft._torch.symbolic.shapes import ShapeEnv


class Sides:
    """The sides of branches, one in the other, that a trace is in.

    In a path on which a branch is answered otherwise than by the example, sizes of inputs get values that fit the
    answer. In a merged graph this holds for each side of a `torch.cond`, and what a side asks about sizes of inputs is
    asserted inside of it: a guard of the whole program would refuse inputs that take the other side.
    """

    def __init__(self, env: ShapeEnv) -> None:
        self.env = env
        self.assumed: list[Any] = []
        """The conditions of the sides, as sympy expressions."""
        self.depth = 0
        """How many sides of a merged graph are running, one in the other."""
        self.replays = False
        """Whether a merged graph is being traced, and not the model."""
        self._traces = True

    # -- conditions ----------------------------------------------------------------------------------------------

    def learn(self, expr: Any, answer: bool) -> None:
        """A condition has this answer from here on, whatever it is on the example."""
        fact = expr if answer else sympy.Not(expr)
        if self._about_sizes(fact):
            self.assume(fact)
        elif not all(symbol.is_integer for symbol in fact.free_symbols):
            return  # of a float that can be NaN, `not v > 3` does not mean `v <= 3`
        elif fact not in DECIDED and self.env.on_example(fact) is False:
            self.env.defer(fact, "the side of a branch that the example does not take")

    def assume(self, fact: Any) -> None:
        """Gives sizes of inputs values that fit a condition, if they do not."""
        self.assumed.append(fact)
        if fact.xreplace(self.env.backed_var_to_val) != sympy.true:
            found = fitting_sizes(self.assumed, self.env.backed_var_to_val, self.env.var_to_range)
            self.env.backed_var_to_val.update(found or {})

    def _about_sizes(self, expr: Any) -> bool:
        symbols = getattr(expr, "free_symbols", ())
        return bool(symbols) and all(symbol in self.env.backed_var_to_val for symbol in symbols)

    # -- questions in a side -------------------------------------------------------------------------------------

    def is_open(self, expr: Any) -> bool:
        """Whether sizes of inputs decide an expression, and not their ranges alone."""
        return self._about_sizes(expr) and self.env._maybe_evaluate_static(expr) is None

    def decided(self, expr: Any) -> Any:
        """The value of an expression about sizes of inputs, which this side asserts."""
        value = expr.xreplace(self.env.backed_var_to_val)
        if self._traces and not self.env._suppress_guards_tls():
            self._assert(_equals(expr, value))
        return value

    def asserted(self, condition: Any) -> None:
        """The side asserts a condition about sizes of inputs: what follows runs where it holds."""
        if not self._traces or condition.xreplace(self.env.backed_var_to_val) != sympy.true:
            self.assume(condition)
        else:
            self._assert(condition)

    def implies(self, condition: Any) -> bool:
        """Whether a comparison of sizes follows from the conditions of the sides."""
        return follows(condition, self.assumed)

    def _assert(self, condition: Any) -> None:
        """Writes an assertion, if it does not follow from the conditions of the sides: where an operand requires grad,
        torch traces both sides in each run, and an assertion about sizes that is false on the other side raises.
        """
        if not self.implies(condition):
            self.env.questions.assert_here(condition)

    # -- sides of a `torch.cond` ---------------------------------------------------------------------------------

    def side(self, run: Callable[..., Any], condition: Any, answer: bool, *, traced: bool = True) -> Callable[..., Any]:
        """A side of a `torch.cond`, to be run under its condition. `traced`: its operations get into a graph."""
        expr = condition.node.expr if isinstance(condition, torch.SymBool) else None
        fact = expr if expr is None or answer else sympy.Not(expr)

        def run_under_condition(*operands: Any) -> Any:
            with self._entered(fact, traced):
                return run(*operands)

        return run_under_condition

    def both(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of a `torch.cond` whose sides have been traced.

        Each side returns what its trace returned: to run the graphs again takes quadratic time where they are nested.
        Where that is not known, it is run under its condition.
        """
        if not self.replays:
            return args
        condition, one, two, operands = args
        sides = [
            returned_by(side) or self.side(side, condition, answer, traced=False)
            for side, answer in ((one, True), (two, False))
        ]
        return condition, *sides, operands

    @contextmanager
    def _entered(self, fact: Any, traced: bool) -> Iterator[None]:
        mode = self.env.context.fake_mode
        sizes, assumed = dict(self.env.backed_var_to_val), list(self.assumed)
        cached, traces = mode.cache_enabled, self._traces
        self.depth += 1
        self._traces = traced
        mode.cache_enabled = False  # its entries hold under the guards of this side alone
        if isinstance(fact, sympy.Basic) and self._about_sizes(fact):
            self.assume(fact)
        try:
            yield
        finally:
            self.depth -= 1
            self._traces = traces
            mode.cache_enabled = cached
            self.env.backed_var_to_val.update(sizes)
            self.assumed[:] = assumed


def _equals(expr: Any, value: Any) -> Any:
    """The condition that an expression has a value."""
    if value in (sympy.true, True):
        return expr
    return sympy.Not(expr) if value in (sympy.false, False) else sympy.Eq(expr, value)
