"""A `ShapeEnv` without the structured logs of torch, which cost a third of the time of a data-dependent trace."""

from __future__ import annotations

from typing import Any

from torchdraft._stack.user_stack import innermost_user_frame
from torchdraft._torch.symbolic.shapes import GuardOnDataDependentSymNode, ShapeEnv, SLoc


class QuietShapeEnv(ShapeEnv):
    """Replaces what upstream formats for logs: a stack for each guard and each symbol."""

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
