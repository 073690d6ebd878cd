"""Texts of symbolic numbers: the value under a guard, or without one where the text is only shown (printed, logged)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import torch

from torchdraft._draft.guards.assertions import reach
from torchdraft._stack.display_only import read_is_only_displayed
from torchdraft._stack.user_stack import called_for_user, here
from torchdraft._tape.errors import NoRealValue
from torchdraft._torch.symbolic.shapes import is_unbacked
from torchdraft.model.events import HostRead

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


class SymbolText:
    """The hooks of the patches of `SymInt.__str__` and its like (`_torch/patches/numbers/symbolic_numbers.py`)."""

    def __init__(self, context: TraceContext, hashed: Callable[[], None]) -> None:
        self.context = context
        self.hashed = hashed

    def use(self, frames_up: int) -> Literal["used", "shown", "other"]:
        """What the frame `frames_up` above the caller does with a text; `other` for a frame that is not the user's."""
        if not called_for_user(frames_up + 1):
            return "other"
        return "shown" if read_is_only_displayed() else "used"

    @contextmanager
    def asserted(self, number: Any, made: Callable[[Any], Any]) -> Iterator[None]:
        """A context in which `number` is asserted up to rounding only if its neighbours leave what is `made` of it."""
        env = self.context.shape_env
        before, env.exact_numbers = env.exact_numbers, env.exact_numbers or self._tells_apart(number, made)
        try:
            yield
        finally:
            env.exact_numbers = before

    def _tells_apart(self, number: Any, made: Callable[[Any], Any]) -> bool:
        if not isinstance(number, torch.SymFloat):
            return False
        try:
            value = float(self.context.reals.scalar(number))
        except NoRealValue:
            return True
        if not math.isfinite(value):
            return True
        slack, whole = reach(value), float(round(value))
        others = [value - slack, value + slack, whole if abs(whole - value) <= slack else value]
        return any(made(other) != made(value) for other in others)

    def shown(self, number: Any) -> Any:
        """The real value of a symbolic number, reported as a read that has no effect; None if the value is unknown."""
        try:
            value = self.context.reals.scalar(number)
        except NoRealValue:
            return None
        if any(is_unbacked(symbol) for symbol in number.node.expr.free_symbols):
            kind = type(value).__name__
            event = HostRead(read="item", dtype=kind, shape=(), value=str(value), asserted="unused", **here())
            self.context.log.emit(event)
        return value
