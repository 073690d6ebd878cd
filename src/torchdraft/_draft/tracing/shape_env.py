"""The shape environment: where a guard no symbol can decide is answered by real values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import sympy
import torch

from torchdraft._stack.exception_handlers import model_would_catch
from torchdraft._stack.guard_origin import assertion_from_user_code, guard_from_kernel, guard_from_user_code
from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import here, innermost_user_frame
from torchdraft._tape.errors import NoRealValue
from torchdraft._torch.shapes import (
    CapturedTraceback,
    ConstraintViolationError,
    GuardOnDataDependentSymNode,
    NoDimConstraints,
    RuntimeAssert,
    ShapeEnv,
    SLoc,
    is_unbacked,
    without_constraints,
)
from torchdraft.model.events import GuardResolved

from .assertions import ROUNDING, UNWRITABLE, needs_rewriting, writable

if TYPE_CHECKING:
    from .session import Session

acts_for_caller(__file__)

MOST_SYMBOLS = 800
"""Numbers read from tensors before the whole model is recorded instead: a loop over detections reads thousands, and
each costs a symbolic trace tens of milliseconds."""

MOST_CONDITIONS = 100
"""Different conditions about one unbacked symbol before it is fixed to the example's value. Each costs upstream's
solver milliseconds, more as the expressions grow; without a limit some detection models never finish."""

_DECIDED = (sympy.true, sympy.false, True, False)

_SQUEEZING = {
    *(getattr(torch.ops.aten.squeeze, name) for name in torch.ops.aten.squeeze.overloads()),
    *(getattr(torch.ops.aten.squeeze_, name) for name in torch.ops.aten.squeeze_.overloads()),
}
"""Operations whose number of dimensions depends on a size being 1. Upstream takes one that depends on data to be
another."""


def _asks_for_one(expr: Any) -> bool:
    """Whether a condition says of a size that depends on data that it is 1, or that it is not."""
    compares = isinstance(expr, (sympy.Eq, sympy.Ne)) and 1 in expr.args
    return compares and any(is_unbacked(s) for s in expr.free_symbols)


class TakenGuard(NamedTuple):
    """A guard on sizes, and the place in the user's code where it was taken."""

    expr: Any
    place: dict[str, Any]
    by_code: bool = True
    """Whether Python code asked, and no operation for its own ends."""
    by_kernel: bool = False


def _only_small(guard: Any) -> bool:
    """Whether a guard only says that a size is not 0 or not 1 (`s0//2 != 1`, `s0 - 4 >= 2`)."""
    if not isinstance(guard, (sympy.Ne, sympy.Ge, sympy.Gt, sympy.Le, sympy.Lt)):
        return False
    if isinstance(guard, (sympy.Le, sympy.Lt)):
        guard = guard.reversed
    bound = {sympy.Ne: 1, sympy.Ge: 2, sympy.Gt: 1}[type(guard)]
    return bool(guard.rhs.is_Integer and 0 <= guard.rhs <= bound)


class DraftShapeEnv(ShapeEnv):
    """A `ShapeEnv` that asks the tape before it gives up, and tells the session what it assumed."""

    def __init__(self, session: Session, **options: Any) -> None:
        super().__init__(**{"tracked_fakes": [], "trace_asserts": True} | options)
        self.session: Session | None = session
        self.born: list[sympy.Symbol] = []
        self.renamed_from: dict[sympy.Symbol, sympy.Symbol] = {}
        self.answered: dict[Any, GuardResolved] = {}
        self.taken: list[TakenGuard] = []
        self.small_sizes: dict[sympy.Symbol, TakenGuard] = {}
        self.at_least_two: set[sympy.Symbol] = set()
        self.further_guards: list[Any] = []
        self.refuted = 0
        """Assertions of operations so far that are false on the example."""
        self._effort: dict[sympy.Symbol, int] = {}
        self._tired: list[sympy.Symbol] = []
        self._deciding = 0

    # -- births --------------------------------------------------------------------------------------------------

    def create_unbacked_symint(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_birth(super().create_unbacked_symint(*args, **kwargs))

    def create_unbacked_symfloat(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_birth(super().create_unbacked_symfloat(*args, **kwargs))

    def create_unbacked_symbool(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_birth(super().create_unbacked_symbool(*args, **kwargs))

    def _note_birth(self, made: Any) -> Any:
        self.born.extend(made.node.expr.free_symbols)
        if self.session is not None and len(self.born) > self.session.most_symbols:
            raise TooManySymbols(len(self.born))
        return made

    def _rename_unbacked_to(self, orig_s: sympy.Symbol, new_s: sympy.Symbol) -> None:
        self.renamed_from[new_s] = orig_s
        super()._rename_unbacked_to(orig_s, new_s)

    def _constrain_range_for_size(self, a: sympy.Symbol, min: int | None = None, max: int | None = None) -> None:  # noqa: A002
        """Does not take over a fake kernel's claim of at least 2, the default of `create_unbacked_symint()`.

        torchvision's `nms` makes it, and then finds one box.
        """
        super()._constrain_range_for_size(a, 0 if min == 2 else min, max)
        if self.var_to_range[a].upper < 2:
            self.size_like.discard(a)

    def _update_var_to_range(self, symbol: sympy.Symbol, vr: Any, *args: Any, **kwargs: Any) -> None:
        """Takes a size that data decides for 0 or 1 where the example says so.

        Upstream keeps such a size at 2 or below, and asserts that instead of what was asked (`x.nonzero().shape[0] > 1`
        was False): two is let pass, on a path that was not taken for it.
        """
        if vr.upper < 2:
            self.size_like.discard(symbol)
        super()._update_var_to_range(symbol, vr, *args, **kwargs)

    # -- guards --------------------------------------------------------------------------------------------------

    def evaluate_expr(self, orig_expr: Any, *args: Any, **kwargs: Any) -> Any:
        session = self.session
        if session is None:
            return super().evaluate_expr(orig_expr, *args, **kwargs)
        if self.answered and (again := self.answered.get(orig_expr)) is not None and guard_from_user_code():
            session.emit(replace(again, **here(2)))
        if session.mode.running in _SQUEEZING and _asks_for_one(orig_expr):
            kwargs["fallback_value"] = None
        guards = len(self.guards)
        while self._tired:
            self._fix(self._tired.pop())
        try:
            result = super().evaluate_expr(orig_expr, *args, **kwargs)
        except GuardOnDataDependentSymNode:
            if not self._ask(orig_expr):
                raise
            return super().evaluate_expr(orig_expr, *args, **kwargs)
        if len(self.guards) > guards:
            place, who = here(2), (guard_from_user_code(), guard_from_kernel())
            self.taken.extend(TakenGuard(guard.expr, place, *who) for guard in self.guards[guards:])
        elif (result is sympy.true or result is sympy.false) and orig_expr is not result and guard_from_user_code():
            self._note_small_sizes(orig_expr, result)
        return result

    def _evaluate_expr(self, orig_expr: Any, *args: Any, **kwargs: Any) -> Any:
        """Upstream's work on one condition, behind its cache. Counts it per unbacked symbol."""
        if self.session is not None:
            for symbol in orig_expr.free_symbols:
                if symbol not in self.backed_var_to_val:
                    count = self._effort[symbol] = self._effort.get(symbol, 0) + 1
                    if count == MOST_CONDITIONS:
                        self._tired.append(symbol)
        self._deciding += 1
        try:
            return super()._evaluate_expr(orig_expr, *args, **kwargs)
        finally:
            self._deciding -= 1

    def _fix(self, symbol: sympy.Symbol) -> None:
        """Takes the example's value for a symbol that too many conditions were about, and asserts it."""
        if symbol in self.replacements or not symbol.is_integer or not self._ask(symbol):
            return
        super().evaluate_expr(sympy.Eq(symbol, self.real_tensor_prop_unbacked_vals[symbol]))

    def note_decided(self, expr: Any, result: Any) -> None:
        """A comparison was decided before anybody asked for it, because sizes are taken to be positive."""
        if self.session is not None and guard_from_user_code():
            self._note_small_sizes(expr, result)

    def _note_small_sizes(self, expr: Any, result: Any) -> None:
        """A condition of the model's decided only because sizes are taken to be 2 or more: sizes 0 and 1 must raise.

        Upstream takes them to be so, silently, and its programs run on them. Conditions of torch's own kernels do not
        count: their ops decide again at run time.
        """
        symbols = [s for s in expr.free_symbols - self.at_least_two if s in self.backed_var_to_val]
        symbols = [s for s in symbols if self.var_to_range[s].lower <= 2]  # others are asserted to be more
        for symbol in symbols:
            for small in (0, 1):
                other = self.outcome(expr, symbol, small)
                if other in _DECIDED and other != result:
                    self.at_least_two.add(symbol)
                    self.small_sizes.setdefault(symbol, TakenGuard(expr, here(3)))

    def outcome(self, condition: Any, symbol: sympy.Symbol, size: int) -> Any:
        """What a condition says where one size is another than in the example; None where it says nothing."""
        try:
            return condition.xreplace({symbol: sympy.Integer(size)}).xreplace(self.backed_var_to_val)
        except (ArithmeticError, ValueError, TypeError, AssertionError):  # a remainder by 0, or of a negative number
            return None

    # -- what upstream would write into logs nobody reads ----------------------------------------------------------

    def _get_stack_summary(self, is_debug: bool = False, framework_loc: str | None = None) -> tuple[Any, str]:  # noqa: ARG002
        """Where a guard was made, without formatting a stack for it (a third of the time of a data-dependent trace)."""
        frame = innermost_user_frame(2)
        place = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}" if frame else None
        return SLoc(framework_loc, place), ""

    def _log_suppressed_dde(self, a: Any, assumed_value: bool) -> None:
        """Upstream formats two stacks for a debug line here."""

    def _log_guard(self, *args: Any, **kwargs: Any) -> None:
        """Upstream symbolizes a stack per guard for a structured log."""

    def _log_create_unbacked_symbol(self, *args: Any, **kwargs: Any) -> None:
        """As above."""

    def _make_data_dependent_error(self, expr: Any, unhinted_expr: Any, **_kwargs: Any) -> Any:
        """Raised and caught here whenever a value is demanded: no advice is written for it."""
        return GuardOnDataDependentSymNode(expr, f"no value is known for {unhinted_expr}")

    # -- constraints ---------------------------------------------------------------------------------------------

    def produce_guards(self, placeholders: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
        """Upstream's guards. A dimension that broke its constraint keeps the program, which asserts what holds."""
        if self.session is None:
            return super().produce_guards(placeholders, sources, *args, **kwargs)
        self._forget_what_is_decided_again()
        guards, taken = len(self.guards), len(self.taken)
        try:
            return super().produce_guards(placeholders, sources, *args, **kwargs)
        except ConstraintViolationError:
            del self.guards[guards:], self.taken[taken:]  # of the comparison that failed: nobody asked for them
            kwargs["input_contexts"] = [without_constraints(c) for c in kwargs.get("input_contexts") or ()] or None
            kwargs["equalities_inputs"] = None
            return super().produce_guards(placeholders, sources, *args, **kwargs)
        finally:
            self.dim_constraints = NoDimConstraints()
            self._assert_guards()

    def _forget_what_is_decided_again(self) -> None:
        """Drops guards that an operation took to know that a size is not 0 or not 1.

        It decides that anew when the program runs. Upstream's programs refuse such sizes (`x.shape[0] // 2 != 1`).
        """
        kernels = {t.expr for t in self.taken if t.by_kernel} - {t.expr for t in self.taken if not t.by_kernel}
        self.guards[:] = [g for g in self.guards if g.expr not in kernels or not _only_small(self.simplify(g.expr))]

    def _assert_guards(self) -> None:
        """Puts every guard that no range of a dimension expresses into the graph: a saved program has nothing else."""
        for guard in self.guards:
            expr = self.simplify(guard.expr)
            if (
                expr in _DECIDED
                or self._maybe_evaluate_static(expr, axioms=()) is not None
                or expr in self.further_guards
            ):
                continue
            self.further_guards.append(expr)
        asserted = [*self.further_guards, *(sympy.Ge(s, 2, evaluate=False) for s in self.at_least_two)]
        held = self.deferred_runtime_asserts.setdefault(None, [])
        for expr in asserted:
            if not needs_rewriting(expr):
                held.append(RuntimeAssert(expr, "guard on input sizes", CapturedTraceback.extract(skip=1)))

    def _ask(self, expr: Any) -> bool:
        """Demands a real value for every unbacked symbol of `expr`; False where one has none."""
        assert self.session is not None
        for symbol in expr.free_symbols:
            if symbol in self.backed_var_to_val or symbol in self.real_tensor_prop_unbacked_vals:
                continue
            try:
                value = self.session.reals.symbol(self.renamed_from.get(symbol, symbol))
            except NoRealValue:
                return False
            if value is None:
                return False
            self.real_tensor_prop_unbacked_vals[symbol] = sympy.sympify(value)
        return True

    def guard_or_defer_runtime_assert(self, orig_expr: Any, *args: Any, **kwargs: Any) -> bool:
        """Asserts `orig_expr`, in words the runtime-assert pass can write into the graph (it skips the others)."""
        if self.session is not None and isinstance(orig_expr, sympy.Eq) and orig_expr.rhs in (0, 1):
            self.size_like.discard(orig_expr.lhs)  # a size is taken to be 2 or more: 0 and 1 would not replace it
        if self.session is not None and isinstance(orig_expr, sympy.Basic) and self._is_refuted(orig_expr):
            self.refuted += 1
            return False
        if self.session is None or not isinstance(orig_expr, sympy.Basic) or not needs_rewriting(orig_expr):
            return bool(super().guard_or_defer_runtime_assert(orig_expr, *args, **kwargs))
        if not any(is_unbacked(s) for s in orig_expr.free_symbols):
            return bool(super().guard_or_defer_runtime_assert(orig_expr, *args, **kwargs))
        if orig_expr.has(*UNWRITABLE) and not self._ask(orig_expr):
            return bool(super().guard_or_defer_runtime_assert(orig_expr, *args, **kwargs))
        real = self.session.reals.symbols.substitute
        for inner in orig_expr.atoms(*ROUNDING) - self.answered.keys():
            self._log_real_tensor_propagation(inner, real(inner))  # the rewriting fixes it
        held = True
        for expr in writable(orig_expr, real):
            held = bool(super().guard_or_defer_runtime_assert(expr, *args, **kwargs)) and held
        return held

    def _is_refuted(self, expr: Any) -> bool:
        """Whether `expr` is false on the example, asked where that matters to the trace.

        Mostly an assertion that is deferred to the run is as good: where it fails, the model itself would have raised.
        Not so where the model catches what an operation raises, and not where an operation asserts that two sizes are
        equal: it takes a size that depends on data to be another than 1, when the example may have it broadcast.

        A condition that was just decided by the example is asserted as well, and has been told.
        """
        assert self.session is not None
        if self._deciding or not any(is_unbacked(s) for s in expr.free_symbols):
            return False
        caught = model_would_catch()
        compared = isinstance(expr, (sympy.Eq, sympy.Ne)) and not assertion_from_user_code()
        if not (caught or compared) or self._always_holds(expr) or not self._ask(expr):
            return False
        value = self.session.reals.symbols.substitute(expr)
        if caught and value in _DECIDED:  # which way the model goes is assumed
            self._log_real_tensor_propagation(expr, value)
            if not value:
                super().guard_or_defer_runtime_assert(sympy.Not(expr), "an operation raises where the model catches it")
        return value in (sympy.false, False)

    def _always_holds(self, expr: Any) -> bool:
        """Whether the ranges of its symbols alone make a condition true, such as that a size is not negative."""
        return bool(self._maybe_evaluate_static(expr, axioms=()) == sympy.true)

    def _log_real_tensor_propagation(self, orig_expr: Any, unsound_result: Any) -> None:
        """Upstream logs four lines here; we keep one event."""
        session = self.session
        if session is None:
            return
        truth = isinstance(unsound_result, sympy.logic.boolalg.BooleanAtom)
        event = GuardResolved(
            expr=orig_expr,
            value=unsound_result,
            kind="branch" if truth else "size",
            by="code" if guard_from_user_code() else "operation",
            **here(2),
        )
        self.answered[orig_expr] = event
        session.emit(event)
        session.assumed(orig_expr, unsound_result)


class TooManySymbols(RuntimeError):
    """The model reads more numbers out of tensors than a symbolic trace can carry."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} numbers were read out of tensors")
