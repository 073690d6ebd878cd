"""The shape environment: a guard that no symbol can decide is answered by real values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy
import torch
from sympy.logic.boolalg import Boolean

from torchdraft._draft.tracing.context import TraceContext
from torchdraft._stack.exception_handlers import model_would_catch
from torchdraft._stack.guard_origin import (
    asked_by_code,
    assertion_from_user_code,
    guard_from_kernel,
    guard_from_user_code,
)
from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import here
from torchdraft._tape.errors import NoRealValue
from torchdraft._torch.symbolic.shapes import (
    CapturedTraceback,
    ConstraintViolationError,
    GuardOnDataDependentSymNode,
    NoDimConstraints,
    RuntimeAssert,
    is_unbacked,
    without_constraints,
)
from torchdraft.model.events import GuardResolved

from .assertions import ROUNDING, UNWRITABLE, needs_rewriting, writable, writable_guard
from .path_questions import PathQuestions
from .sides import Sides
from .size_guards import DECIDED, SizeGuards, TakenGuard
from .unbacked_shape_env import UnbackedShapeEnv

acts_for_caller(__file__)

MOST_CONDITIONS = 100
"""Different conditions about one unbacked symbol before it is fixed to the example's value. Each costs upstream's
solver milliseconds, more as the expressions grow; without a limit some detection models never finish."""

_SQUEEZING = {
    *(getattr(torch.ops.aten.squeeze, name) for name in torch.ops.aten.squeeze.overloads()),
    *(getattr(torch.ops.aten.squeeze_, name) for name in torch.ops.aten.squeeze_.overloads()),
}
"""Operations whose number of output dimensions depends on a size being 1. Upstream assumes that a data-dependent size
is not 1."""


# Longer than 200 lines: it overrides one class of torch's, whose guards and assertions share their state.
class DraftShapeEnv(UnbackedShapeEnv):
    """A `ShapeEnv` that asks the tape before it gives up, and records what it assumed."""

    def __init__(self, context: TraceContext, **options: Any) -> None:
        super().__init__(context, **{"tracked_fakes": [], "trace_asserts": True} | options)
        self.sizes = SizeGuards()
        self.resolved: dict[Any, GuardResolved] = {}
        """Condition or number → the event of its answer by real values."""
        self.inexact: set[sympy.Symbol] = set()
        """Floats that a tensor's function computed: Python's can differ from them in the last digit."""
        self.refuted = 0
        """Assertions of operations so far that are false on the example."""
        self.questions = PathQuestions(self)
        self.sides = Sides(self)
        self.refuse_number: Callable[[Any], None] | None = None
        """Called with an expression of symbols that code wants as a number, before that makes a guard of it."""
        self.refuse_data = False
        """Whether a condition that no symbol can decide is left undecided, where code asks for it."""
        self._conditions: dict[sympy.Symbol, int] = {}
        self._to_fix: list[sympy.Symbol] = []
        self._evaluating = 0
        self._rounded = False
        """Whether the number that is being evaluated is asserted up to rounding."""
        self.exact_numbers = False
        """Whether what Python makes of a float differs for its neighbours: its text, its hash."""

    # -- guards --------------------------------------------------------------------------------------------------

    def evaluate_sym_node(self, sym_node: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.questions.is_asked or self._evaluating or not asked_by_code():
            if self.questions.are_noted:
                self.questions.note(sym_node.expr)
            return super().evaluate_sym_node(sym_node, *args, **kwargs)
        return self.questions.evaluate(
            sym_node, lambda: super(DraftShapeEnv, self).evaluate_sym_node(sym_node, *args, **kwargs)
        )

    def on_example(self, condition: Any) -> bool | None:
        """What a condition is on the example; None where a symbol has no value there."""
        if not self.demand(condition):
            return None
        assert self.context is not None
        value = self.context.reals.symbols.substitute(condition)
        return bool(value) if value in DECIDED else None

    def evaluate_expr(self, orig_expr: Any, *args: Any, **kwargs: Any) -> Any:
        if self.context is None:
            return super().evaluate_expr(orig_expr, *args, **kwargs)
        if self.refuse_number is not None and (_is_number(orig_expr) or self._leaves_one_size(orig_expr)):
            self._refuse_number(self.refuse_number, orig_expr)
        if self.sides.depth and self.sides.is_open(orig_expr):
            return self.sides.decided(orig_expr)
        if self.sides.assumed:
            args = (None, *args[1:])  # the value on the example
        return self._evaluated(self.context, orig_expr, *args, **kwargs)

    def _refuse_number(self, refuse: Callable[[Any], None], orig_expr: Any) -> None:
        expr = self.simplify(orig_expr)
        if expr.free_symbols and self._maybe_evaluate_static(expr) is None:
            refuse(expr)

    def _leaves_one_size(self, expr: Any) -> bool:
        """Whether a condition, as it is on the example, holds for one value of a size only."""
        if not isinstance(expr, (sympy.Eq, sympy.Ne)) or len(expr.free_symbols) != 1:
            return False
        if not (expr.lhs - expr.rhs).is_polynomial():  # `x.shape[0] % 2 == 0`
            return False
        on_example = expr.xreplace(self.backed_var_to_val)
        return on_example is (sympy.true if isinstance(expr, sympy.Eq) else sympy.false)

    def _evaluated(self, context: TraceContext, orig_expr: Any, *args: Any, **kwargs: Any) -> Any:
        """The value of an expression, by guards, which are recorded, or by real values."""
        again = self.resolved.get(orig_expr) if self.resolved else None
        if again is not None and guard_from_user_code():
            context.log.emit(replace(again, **here()))
        if context.running_op in _SQUEEZING and _compares_with_one(orig_expr):
            kwargs["fallback_value"] = None
        guards, rounded = len(self.guards), self._rounded
        while self._to_fix:
            self._fix(self._to_fix.pop())
        self._rounded = self._may_be_rounded(orig_expr)
        try:
            result = super().evaluate_expr(orig_expr, *args, **kwargs)
        except GuardOnDataDependentSymNode:
            if self.refuse_data or not self.demand(orig_expr):
                raise
            return super().evaluate_expr(orig_expr, *args, **kwargs)
        finally:
            self._rounded = rounded
            self.implied.concluded()
        if len(self.guards) > guards:
            place, by = here(), (guard_from_user_code(), guard_from_kernel())
            for guard in self.guards[guards:]:
                self.sizes.take(TakenGuard(guard.expr, place, *by))
        elif (result is sympy.true or result is sympy.false) and orig_expr is not result and guard_from_user_code():
            self._note_small_sizes(orig_expr, result)
            if again is None and orig_expr not in self.resolved:
                self._note_implied(orig_expr, result)
        return result

    def _may_be_rounded(self, expr: Any) -> bool:
        """Whether Python takes a computed float for its value. What the model itself compares is asserted exactly."""
        if self.exact_numbers or not isinstance(expr, sympy.Expr) or expr.is_integer:
            return False
        assert self.context is not None
        return not self.context.is_copied(expr)

    def _note_implied(self, expr: Any, result: Any) -> None:
        """Records a condition of the model that earlier guards decided, and no range that was stated."""
        if self.sizes.is_guarded(expr):
            condition = expr if result is sympy.true else sympy.Not(expr)
            self.sizes.take_implied(condition, here())
        elif self.implied.rests_on_assumption(expr, result):
            self._log_real_tensor_propagation(expr, result)

    def _evaluate_expr(self, orig_expr: Any, *args: Any, **kwargs: Any) -> Any:
        """Upstream's work on one condition, behind its cache. Counts the conditions about each unbacked symbol."""
        if self.context is not None:
            for symbol in orig_expr.free_symbols:
                if symbol not in self.backed_var_to_val:
                    count = self._conditions[symbol] = self._conditions.get(symbol, 0) + 1
                    if count == MOST_CONDITIONS:
                        self._to_fix.append(symbol)
        self._evaluating += 1
        try:
            return super()._evaluate_expr(orig_expr, *args, **kwargs)
        finally:
            self._evaluating -= 1

    def _fix(self, symbol: sympy.Symbol) -> None:
        """Replaces a symbol that too many conditions are about by the example's value, under an assertion."""
        if symbol in self.replacements or not symbol.is_integer or not self.demand(symbol):
            return
        super().evaluate_expr(sympy.Eq(symbol, self.real_tensor_prop_unbacked_vals[symbol]))

    def note_decided(self, expr: Any, result: Any) -> None:
        """A comparison was decided without a guard, because sizes are taken to be positive."""
        if self.context is not None and guard_from_user_code():
            self._note_small_sizes(expr, result)

    def _note_small_sizes(self, expr: Any, result: Any) -> None:
        """Remembers sizes whose values 0 and 1 would decide a condition of the model otherwise."""
        symbols = [s for s in expr.free_symbols - self.sizes.at_least_two if s in self.backed_var_to_val]
        symbols = [s for s in symbols if self.var_to_range[s].lower <= 2]  # others are asserted to be more
        self.sizes.note_small_sizes(expr, result, symbols, self.outcome, lambda: here())

    def outcome(self, condition: Any, symbol: sympy.Symbol, size: int) -> Any:
        """What a condition evaluates to where one size is another than in the example; None where it cannot be said."""
        try:
            return condition.xreplace({symbol: sympy.Integer(size)}).xreplace(self.backed_var_to_val)
        except (ArithmeticError, ValueError, TypeError, AssertionError):  # a remainder by 0, or of a negative number
            return None

    def _log_real_tensor_propagation(self, orig_expr: Any, unsound_result: Any) -> None:
        """Upstream calls this where real values answered a condition, to log four lines; here it becomes an event."""
        context = self.context
        if context is None:
            return
        truth = isinstance(unsound_result, sympy.logic.boolalg.BooleanAtom)
        event = GuardResolved(
            expr=orig_expr,
            value=unsound_result,
            kind="branch" if truth else "size",
            by="code" if guard_from_user_code() else "operation",
            **here(),
        )
        self.resolved[orig_expr] = event
        self.implied.answered(orig_expr)
        context.log.emit(event)

    def demand(self, expr: Any) -> bool:
        """Demands the real value of every unbacked symbol of `expr`; False where one has none."""
        assert self.context is not None
        for symbol in expr.free_symbols:
            if symbol in self.backed_var_to_val or symbol in self.real_tensor_prop_unbacked_vals:
                continue
            try:
                value = self.context.reals.symbol(self.renamed_from.get(symbol, symbol))
            except NoRealValue:
                return False
            if value is None:
                return False
            self.real_tensor_prop_unbacked_vals[symbol] = sympy.sympify(value)
        return True

    # -- constraints ---------------------------------------------------------------------------------------------

    def produce_guards(self, placeholders: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
        """Upstream's guards. A dimension that broke its constraint keeps the program, which asserts what holds."""
        if self.context is None:
            return super().produce_guards(placeholders, sources, *args, **kwargs)
        redundant = self.sizes.redundant(self.guards, self.simplify)
        self.guards[:] = [guard for place, guard in enumerate(self.guards) if place not in redundant]
        guards, taken = len(self.guards), len(self.sizes.taken)
        try:
            return super().produce_guards(placeholders, sources, *args, **kwargs)
        except ConstraintViolationError:
            del self.guards[guards:], self.sizes.taken[taken:]  # made by the comparison that failed, not by the model
            kwargs["input_contexts"] = [without_constraints(c) for c in kwargs.get("input_contexts") or ()] or None
            kwargs["equalities_inputs"] = None
            return super().produce_guards(placeholders, sources, *args, **kwargs)
        finally:
            self.dim_constraints = NoDimConstraints()
            self._assert_guards()

    def _assert_guards(self) -> None:
        """Puts every guard that no range of a dimension expresses into the graph: a saved program has nothing else."""
        for guard in self.guards:
            expr = self.simplify(guard.expr)
            decided = expr in DECIDED or self._maybe_evaluate_static(expr, axioms=()) is not None
            if not decided and expr not in self.sizes.without_range:
                self.sizes.without_range.append(expr)
        deferred = self.deferred_runtime_asserts.setdefault(None, [])
        for expr in map(writable_guard, self.sizes.conditions_to_assert()):
            deferred.append(RuntimeAssert(expr, "guard on input sizes", CapturedTraceback.extract(skip=1)))

    # -- assertions ----------------------------------------------------------------------------------------------

    def guard_or_defer_runtime_assert(self, orig_expr: Any, *args: Any, **kwargs: Any) -> bool:
        """Asserts `orig_expr`, rewritten for the runtime-assert pass, which skips what it cannot write."""
        try:
            return self._asserted(orig_expr, *args, **kwargs)
        finally:
            self.implied.concluded()

    def _asserted(self, orig_expr: Any, *args: Any, **kwargs: Any) -> bool:
        if self.context is not None and isinstance(orig_expr, sympy.Eq) and orig_expr.rhs in (0, 1):
            self.size_like.discard(orig_expr.lhs)  # a size is taken to be 2 or more: 0 and 1 would not replace it
        if self.sides.depth and isinstance(orig_expr, sympy.Basic) and self.sides.is_open(orig_expr):
            self.sides.asserted(orig_expr)
            return True
        if self.context is not None and isinstance(orig_expr, sympy.Basic) and self._is_refuted(orig_expr):
            self.refuted += 1
            return False
        if not self._to_be_rewritten(orig_expr):
            if self.questions.is_asked and isinstance(orig_expr, sympy.Basic) and asked_by_code():
                self.questions.assert_here(orig_expr)
            return bool(super().guard_or_defer_runtime_assert(orig_expr, *args, **kwargs))
        assert self.context is not None
        real = self.context.reals.symbols.substitute
        for inner in orig_expr.atoms(*ROUNDING) - self.resolved.keys():
            self._log_real_tensor_propagation(inner, real(inner))  # the rewriting fixes it
        held = True
        asked = self.questions.is_asked and asked_by_code()
        for expr in writable(orig_expr, real, rounded=self._rounded):
            if asked:
                self.questions.assert_here(expr)
            held = bool(super().guard_or_defer_runtime_assert(expr, *args, **kwargs)) and held
        return held

    def defer(self, condition: Any, message: str) -> None:
        """Asserts a condition as torch does, without a look at the example."""
        super().guard_or_defer_runtime_assert(condition, message)

    def _to_be_rewritten(self, expr: Any) -> bool:
        """Whether an assertion about unbacked symbols has to be rewritten, and the values that this takes are known."""
        if self.context is None or not isinstance(expr, sympy.Basic) or not needs_rewriting(expr):
            return False
        if not any(is_unbacked(symbol) for symbol in expr.free_symbols):
            return False
        return not expr.has(*UNWRITABLE) or self.demand(expr)

    def _is_refuted(self, expr: Any) -> bool:
        """Whether `expr` is false on the example, computed only where that matters to the trace.

        Mostly an assertion deferred to the run is as good: where it fails, the model itself would have raised. It is
        not where the model catches what an operation raises, and not where an operation asserts that two sizes are
        equal: it assumes that a data-dependent size is not 1, and the example may broadcast.

        A condition that was just decided by the example is asserted as well, and has been reported.
        """
        assert self.context is not None
        if self._evaluating or self.sides.depth or not any(is_unbacked(s) for s in expr.free_symbols):
            return False
        caught = model_would_catch()
        compared = isinstance(expr, (sympy.Eq, sympy.Ne)) and not assertion_from_user_code()
        if not (caught or compared) or self._always_holds(expr) or not self.demand(expr):
            return False
        value = self.context.reals.symbols.substitute(expr)
        if caught and value in DECIDED:  # the path that the model takes from here is an assumption
            self._log_real_tensor_propagation(expr, value)
            if not value:
                super().guard_or_defer_runtime_assert(sympy.Not(expr), "an operation raises where the model catches it")
        return value in (sympy.false, False)

    def _always_holds(self, expr: Any) -> bool:
        """Whether the ranges of its symbols alone make a condition true, such as that a size is not negative."""
        return bool(self._maybe_evaluate_static(expr, axioms=()) == sympy.true)


def _is_number(expr: Any) -> bool:
    """Whether an expression is a number and no condition. sympy's symbols are also booleans."""
    return isinstance(expr, sympy.Symbol) or not isinstance(expr, Boolean)


def _compares_with_one(expr: Any) -> bool:
    """Whether a condition says that a data-dependent size is 1, or that it is not."""
    compares = isinstance(expr, (sympy.Eq, sympy.Ne)) and 1 in expr.args
    return compares and any(is_unbacked(s) for s in expr.free_symbols)
