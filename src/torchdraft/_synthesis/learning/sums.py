"""Sums of features with integer coefficients, found by least squares.

A feature is an expression with its values in all calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .expressions import Expr, constant

Features = Sequence[tuple[Expr, Any]]


def is_combination(target: Any, arrays: Sequence[Any]) -> bool:
    """Whether the target is a sum of the arrays with any coefficients. If not, it is none of a few of them either."""
    matrix = np.column_stack([*arrays, np.ones(len(target))]).astype(float)
    matrix /= np.maximum(np.abs(matrix).max(axis=0), 1)
    solution = np.linalg.lstsq(matrix, target.astype(float), rcond=None)[0]
    missed = np.abs(matrix @ solution - target).max(initial=0)
    return bool(missed < 1e-3)


def sum_of(target: Any, features: Features) -> Expr | None:
    """The sum of the features with integer coefficients that gives the target, or None."""
    if len(target) < len(features) + 3:
        return None
    coefficients = _least_squares(target, [array for _, array in features])
    if coefficients is None or np.abs(coefficients).max() > 64:
        return None
    if (value_of_sum(coefficients, features, len(target)) != target).any():
        return None
    return as_sum(coefficients, features)


def _least_squares(target: Any, arrays: Sequence[Any]) -> Any:
    matrix = np.column_stack([*arrays, np.ones(len(target))]).astype(float)
    solution, _, rank, _ = np.linalg.lstsq(matrix, target.astype(float), rcond=None)
    return None if rank < matrix.shape[1] else np.rint(solution).astype(np.int64)


def value_of_sum(coefficients: Any, features: Features, count: int) -> Any:
    """The value of a sum in each call. The last coefficient is the number that is added."""
    total = np.full(count, coefficients[-1], dtype=np.int64)
    for coefficient, (_, array) in zip(coefficients, features, strict=False):
        total = total + coefficient * array
    return total


def as_sum(coefficients: Any, features: Features) -> Expr:
    """The expression of a sum; terms that are taken away come last."""
    parts = [(int(c), expr) for c, (expr, _) in zip(coefficients, features, strict=False) if c]
    parts.sort(key=lambda part: part[0] < 0)
    total: Expr | None = None
    for coefficient, expr in parts:
        scaled = expr if abs(coefficient) == 1 else constant(abs(coefficient)) * expr
        if total is None:
            total = scaled if coefficient > 0 else constant(0) - scaled
        else:
            total = total + scaled if coefficient > 0 else total - scaled
    rest = int(coefficients[-1])
    if total is None:
        return constant(rest)
    return plus(total, rest)


def sparse_sum(target: Any, features: Features) -> Expr | None:
    """The sum of many features, of which most have the coefficient 0."""
    kept = independent(features, len(target))
    if len(target) < len(kept) + 6:
        return None
    return sum_of(target, kept)


def independent(features: Features, count: int) -> list[tuple[Expr, Any]]:
    """The features without those that are sums of earlier ones."""
    kept: list[tuple[Expr, Any]] = []
    directions = np.empty((len(features) + 1, count))
    directions[0] = 1 / np.sqrt(count)
    for expr, array in features:
        earlier = directions[: len(kept) + 1]
        rest = array.astype(float)
        length = np.linalg.norm(rest)
        for _ in range(2):  # the second time takes away what rounding left
            rest = rest - (earlier @ rest) @ earlier
        if (left := np.linalg.norm(rest)) > 1e-9 * length:
            kept.append((expr, array))
            directions[len(kept)] = rest / left
    return kept


def plus(expr: Expr, number: int) -> Expr:
    """The expression with a number added."""
    if number == 0:
        return expr
    return expr + constant(number) if number > 0 else expr - constant(-number)
