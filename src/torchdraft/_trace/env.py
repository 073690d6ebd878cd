"""The shape environment: where a guard no symbol can decide is answered by real values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy

from .._reals.errors import NoRealValue
from .._torch.shapes import GuardOnDataDependentSymNode, ShapeEnv
from .events import GuardResolved
from .assertions import needs_rewriting, writable
from .stacks import innermost_user_frame, local_tensors, user_stack

if TYPE_CHECKING:
    from .session import Session


class DraftShapeEnv(ShapeEnv):  # type: ignore[misc]
    """A `ShapeEnv` that asks the tape before it gives up, and tells the session what it assumed."""

    def __init__(self, session: Session, **options: Any) -> None:
        super().__init__(**{"tracked_fakes": [], "trace_asserts": True} | options)
        self.session: Session | None = session
        self.born: list[sympy.Symbol] = []
        self.unbacked_renamings_back: dict[sympy.Symbol, sympy.Symbol] = {}
        self.answered: dict[Any, GuardResolved] = {}

    # -- births --------------------------------------------------------------------------------------------------

    def create_unbacked_symint(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_birth(super().create_unbacked_symint(*args, **kwargs))

    def create_unbacked_symfloat(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_birth(super().create_unbacked_symfloat(*args, **kwargs))

    def create_unbacked_symbool(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_birth(super().create_unbacked_symbool(*args, **kwargs))

    def _note_birth(self, made: Any) -> Any:
        self.born.extend(made.node.expr.free_symbols)
        return made

    def _rename_unbacked_to(self, orig_s: sympy.Symbol, new_s: sympy.Symbol) -> None:
        self.unbacked_renamings_back[new_s] = orig_s
        super()._rename_unbacked_to(orig_s, new_s)

    # -- guards --------------------------------------------------------------------------------------------------

    def evaluate_expr(self, orig_expr: Any, *args: Any, **kwargs: Any) -> Any:
        session = self.session
        if session is None:
            return super().evaluate_expr(orig_expr, *args, **kwargs)
        again = self.answered.get(orig_expr)
        if again is not None:
            session.repeat(again)
        try:
            return super().evaluate_expr(orig_expr, *args, **kwargs)
        except GuardOnDataDependentSymNode:
            if not self._ask(orig_expr):
                raise
        return super().evaluate_expr(orig_expr, *args, **kwargs)

    def _ask(self, expr: Any) -> bool:
        """Demands a real value for every unbacked symbol of `expr`."""
        assert self.session is not None
        asked = False
        for symbol in expr.free_symbols:
            if symbol in self.backed_var_to_val or symbol in self.real_tensor_prop_unbacked_vals:
                continue
            try:
                value = self.session.reals.symbol(self.unbacked_renamings_back.get(symbol, symbol))
            except NoRealValue as error:
                self.session.unanswered.append(str(error))
                return False
            if value is None:
                return False
            self.real_tensor_prop_unbacked_vals[symbol] = sympy.sympify(value)
            asked = True
        return asked

    def guard_or_defer_runtime_assert(self, orig_expr: Any, *args: Any, **kwargs: Any) -> bool:
        """Asserts `orig_expr`, in words the runtime-assert pass can write into the graph (it skips the others)."""
        if self.session is None or not isinstance(orig_expr, sympy.Basic) or not needs_rewriting(orig_expr):
            return bool(super().guard_or_defer_runtime_assert(orig_expr, *args, **kwargs))
        held = True
        for expr in writable(orig_expr, self.session.reals.symbols.substitute):
            held = bool(super().guard_or_defer_runtime_assert(expr, *args, **kwargs)) and held
        return held

    def _log_real_tensor_propagation(self, orig_expr: Any, unsound_result: Any) -> None:
        """Upstream logs four lines here; we keep one event."""
        session = self.session
        if session is None:
            return
        frame = innermost_user_frame(2)
        event = GuardResolved(
            stack=user_stack(2),
            expr=str(orig_expr),
            value=str(unsound_result),
            symbols={str(s): session.birthplace(s) for s in orig_expr.free_symbols},
            kind="branch" if isinstance(unsound_result, sympy.logic.boolalg.BooleanAtom) else "size",
            locals=local_tensors(frame),
        )
        self.answered[orig_expr] = event
        session.emit(event)
        session.assumed(orig_expr, unsound_result)
