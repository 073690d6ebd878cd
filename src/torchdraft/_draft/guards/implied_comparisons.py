"""Whether one comparison of sizes follows from others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy


def follows(condition: Any, known: Iterable[Any]) -> bool:
    """Whether a comparison of integers holds wherever one of the known ones does: `s >= 3` where `s > 2` does."""
    wanted = _difference(condition)
    if wanted is None:
        return condition in known
    differences = [each for each in map(_difference, known) if each is not None]
    return any((wanted - each).is_nonnegative for each in differences)


def _difference(condition: Any) -> Any:
    """What is at least 0 where a comparison of integers holds; None for other conditions."""
    if isinstance(condition, sympy.Not):
        condition = getattr(condition.args[0], "negated", condition)
    if isinstance(condition, (sympy.Lt, sympy.Le)):
        condition = condition.reversed
    if not isinstance(condition, (sympy.Gt, sympy.Ge)):
        return None
    return condition.lhs - condition.rhs - int(isinstance(condition, sympy.Gt))
