"""A `ShapeEnv` without the structured logs of torch, which cost a third of the time of a data-dependent trace."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import innermost_user_frame
from torchdraft._torch.symbolic.shapes import (
    GuardOnDataDependentSymNode,
    ShapeEnv,
    SLoc,
    calls_are_logged,
    recorded_methods,
)

acts_for_caller(__file__)


def _without_record(recorded: Callable[..., Any]) -> Callable[..., Any]:
    method: Callable[..., Any] = vars(recorded)["__wrapped__"]

    @wraps(recorded)
    def call(self: UnrecordedShapeEnv, *args: Any, **kwargs: Any) -> Any:
        return recorded(self, *args, **kwargs) if self.calls_recorded else method(self, *args, **kwargs)

    return call


class UnrecordedShapeEnv(ShapeEnv):
    """Records and logs no call of its methods, unless torch is set to do so.

    Upstream looks up a class, an attribute and a logger in each call, about 18,000 times in a trace of a vision model.
    """

    calls_recorded = True
    """Until the constructor of `ShapeEnv` has read the settings."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.calls_recorded = self.should_record_events or calls_are_logged()


for _name, _recorded in recorded_methods(ShapeEnv).items():
    setattr(UnrecordedShapeEnv, _name, _without_record(_recorded))


class _SuppressedGuards:
    """A context in which no guard is made, without upstream's generator: it is entered twice for each operation."""

    __slots__ = ("env",)

    def __init__(self, env: UnrecordedShapeEnv) -> None:
        self.env = env

    def __enter__(self) -> None:
        self.env._suppress_guards_enter()

    def __exit__(self, *_error: object) -> None:
        self.env._suppress_guards_exit()


class QuietShapeEnv(UnrecordedShapeEnv):
    """Replaces what upstream formats for logs: a stack for each guard and each symbol."""

    def suppress_guards(self) -> Any:
        return _SuppressedGuards(self)

    def _create_fx_call_function(self, op: Any, args: tuple[Any, ...]) -> tuple[Any, bool]:
        """The node of an operation on symbols. There is a graph of them only where torch validates its translation."""
        if self._translation_validation_enabled:
            node: tuple[Any, bool] = super()._create_fx_call_function(op, args)
            return node
        return None, False

    def _get_stack_summary(self, is_debug: bool = False, framework_loc: str | None = None) -> tuple[Any, str]:  # noqa: ARG002
        """Where a guard was made, without a formatted stack."""
        frame = innermost_user_frame()
        place = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}" if frame else None
        return SLoc(framework_loc, place), ""

    def _log_suppressed_dde(self, a: Any, assumed_value: bool) -> None:
        """Upstream formats two stacks for a debug line."""

    def _log_guard(self, *args: Any, **kwargs: Any) -> None:
        """Upstream symbolizes a stack for each guard."""

    def _log_create_unbacked_symbol(self, *args: Any, **kwargs: Any) -> None:
        """Upstream symbolizes a stack for each symbol."""

    def _make_data_dependent_error(self, expr: Any, unhinted_expr: Any, **_kwargs: Any) -> Any:
        """The error is raised and caught whenever a value is demanded, so no advice is composed for it."""
        return GuardOnDataDependentSymNode(expr, f"no value is known for {unhinted_expr}")
