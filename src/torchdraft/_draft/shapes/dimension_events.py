"""The event of a dimension that is not as free as requested."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torchdraft._source.definitions import parameter
from torchdraft._source.input_names import root_of
from torchdraft._source.symbolic.expressions import source_of
from torchdraft.model.events import ConstraintViolated, DimensionSpecialized, Event, Frame

from .requested import RequestedDim
from .verdict import Verdict

if TYPE_CHECKING:
    from torchdraft._draft.guards.size_guards import TakenGuard
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.request import Request


@dataclass(frozen=True, slots=True)
class DimensionEvents:
    """Makes the events of one trace."""

    request: Request
    context: TraceContext
    fix: str
    """Code with the `dynamic_shapes` to use instead."""

    def event(self, name: str, want: RequestedDim, verdict: Verdict, cause: TakenGuard | None, broken: str) -> Event:
        """The event for one cause of a verdict. `broken` says how the example violates the request."""
        place: dict[str, Any] = dict(cause.place) if cause else {}
        if not place.get("stack"):
            place["stack"] = parameter(type(self.request.mod).forward, root_of(name))
        fields: dict[str, Any] = {"dimension": name, "asked": str(want), "got": verdict.got, "fix": self.fix, **place}
        if cause:
            guard = self.context.origins.in_user_terms(cause.expr)
            fields |= {"symbolic": str(cause.expr), "guard": guard, "condition": cause.expr}
        if verdict.kind == "constant" and cause is None and want.size < 2:
            return DimensionSpecialized(reason="zero-one", **fields)
        if verdict.kind == "broken":
            return ConstraintViolated(**fields | {"guard": broken, "contradicted": True})
        if _is_literal(verdict, want, place["stack"]):
            return DimensionSpecialized(reason="literal", **fields)
        if want.strict and any(map(self._is_violation, verdict.causes)):
            return ConstraintViolated(**fields)
        return DimensionSpecialized(**fields)

    def _is_violation(self, cause: TakenGuard) -> bool:
        """Whether plain export refuses a named dimension for this guard. It excludes sizes 0 and 1 silently."""
        return cause not in self.context.shape_env.sizes.small_sizes.values()


def _is_literal(verdict: Verdict, want: RequestedDim, stack: tuple[Frame, ...]) -> bool:
    """Whether the line that fixed a dimension contains its size in the example as a literal."""
    fixed = verdict.kind == "constant" or (verdict.kind == "asserted" and verdict.low is None and verdict.high is None)
    if not fixed or not stack:
        return False
    try:
        tree = ast.parse(source_of(stack[-1]), mode="eval")
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Constant) and node.value == want.size for node in ast.walk(tree))
