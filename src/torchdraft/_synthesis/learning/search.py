"""Finds expressions of terms whose values are given numbers in all calls, the smallest first.

The terms that a size was seen to depend on come first. Sums and products with integer coefficients are found by least
squares, quotients by least squares on the numerator, and all else by enumerating expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, permutations, product
from typing import Any

import numpy as np

from .expressions import OPERATIONS, Expr, constant, term
from .sums import Features, as_sum, independent, is_combination, plus, sparse_sum, sum_of, value_of_sum

Values = Mapping[str, Any]
"""Code of a term → its values in the calls, as an array."""

LARGEST = 1 << 40
MOST_FEATURES = 40


def find(target: Any, values: Values, relevant: Sequence[str], *, deep: bool = True, most: int = 6) -> list[Expr]:
    """Up to `most` expressions whose values are `target`, the smallest first. `relevant`: the terms to use first."""
    target = np.asarray(target, dtype=np.int64)
    leaves = _distinct(values, relevant)
    chosen = dict([(code, array) for code, array in leaves if code in relevant][:8])
    found: list[Expr] = []
    for step in (
        _single,
        _linear,
        _monomial,
        _enumerated,
        *((_convolution, _quotient, _bilinear, _pooled, _windows) if deep else ()),
    ):
        for pool in (chosen, dict(leaves)):
            if pool and (pool is chosen or step in (_single, _linear) or not chosen):
                found += [expr for expr in step(target, dict(list(pool.items())[:MOST_TERMS])) if expr not in found]
            if found and pool is chosen:
                break
        if len(found) >= most or (found and step in (_single, _linear)):
            break
    return sorted(found, key=lambda expr: expr.rank)[:most]


MOST_TERMS = 24


def _distinct(values: Values, relevant: Sequence[str]) -> list[tuple[str, Any]]:
    """The terms, one of each group with equal values."""
    seen: dict[bytes, str] = {}
    found = []
    for code in sorted(values, key=lambda code: code not in relevant):
        array = np.asarray(values[code], dtype=np.int64)
        if seen.setdefault(array.tobytes(), code) == code:
            found.append((code, array))
    order = {code: i for i, code in enumerate(values)}
    return sorted(found, key=lambda item: order[item[0]])


def _single(target: Any, leaves: Values) -> Iterator[Expr]:
    if len(target) and (target == target[0]).all() and abs(target[0]) < LARGEST:
        yield constant(target[0])
    for code, array in leaves.items():
        if (array == target).all():
            yield term(code)


def _linear(target: Any, leaves: Values) -> Iterator[Expr]:
    """A sum of few terms with integer coefficients."""
    features = [(term(code), array) for code, array in leaves.items()][:MOST_FEATURES]
    if not is_combination(target, [array for _, array in features]):
        return
    for count in (1, 2, 3):
        if len(features) > 14 and count == 3:
            break
        for chosen in combinations(features, count):
            expr = sum_of(target, chosen)
            if expr is not None:
                yield expr
                return


def _monomial(target: Any, leaves: Values) -> Iterator[Expr]:
    """A product of powers of terms, with exponents from -2 to 2, and a small factor."""
    usable = [(code, array) for code, array in leaves.items() if (array >= 0).all()][:10]
    kept = (target > 0) & np.all([array > 0 for _, array in usable] or [target > 0], axis=0)
    if kept.sum() < len(usable) + 3 or not usable:
        return
    matrix = np.column_stack([*(np.log(array[kept]) for _, array in usable), np.ones(kept.sum())])
    solution, _, rank, _ = np.linalg.lstsq(matrix, np.log(target[kept]), rcond=None)
    if rank < matrix.shape[1]:
        return
    powers = np.rint(solution[:-1]).astype(int)
    factor = round(float(np.exp(np.clip(solution[-1], -9, 9))))
    if np.abs(powers).max() > 2 or not powers.any() or factor < 1:
        return
    above, below = constant(factor), None
    for (code, _), power in zip(usable, powers, strict=True):
        for _ in range(abs(power)):
            if power > 0:
                above = term(code) if above == constant(1) else above * term(code)
            else:
                below = term(code) if below is None else below * term(code)
    expr = above if below is None else above // below
    if _matches(expr, target, leaves):
        yield expr


def _matches(expr: Expr, target: Any, leaves: Values) -> bool:
    return bool(np.all(expr.value(leaves) == target))


def _enumerated(target: Any, leaves: Values) -> Iterator[Expr]:
    """Expressions of up to three terms (four of few), each value once, in the order of their size."""
    chosen = _varied(target, leaves)
    pool = [(term(code), array[chosen]) for code, array in leaves.items()]
    numbers = (1, 2, 3, 4) if len(leaves) <= 2 else (1, 2)
    pool += [(constant(n), np.full(len(chosen), n, dtype=np.int64)) for n in numbers]
    levels = [_Level([expr for expr, _ in pool], np.array([array for _, array in pool]))]
    known = set(levels[0].keys())
    most = 4 if len(leaves) <= 3 else 3 if len(leaves) <= 8 else 2
    for count in range(2, most + 1):
        exprs: list[Expr] = []
        rows: list[Any] = []
        found = []
        for left_count in range(1, count // 2 + 1):
            small, large = sorted(
                (levels[left_count - 1], levels[count - left_count - 1]), key=lambda each: len(each.exprs)
            )
            for op, one, values in _combined(small, large):
                hits = (values == target[chosen]).all(axis=1)
                if hits.any():
                    found += [one(op, int(i)) for i in np.flatnonzero(hits)]
                if count < most:
                    _keep_new(exprs, rows, known, op, one, values)
        found = [expr for expr in found if _matches(expr, target, leaves)]
        yield from found[:8]
        if found:
            return
        levels.append(_Level(exprs, np.array(rows).reshape(-1, len(chosen))))


MOST_KEPT = 1500
_FACTORS = np.random.default_rng(0).integers(1, 1 << 60, 4096)


@dataclass(frozen=True, slots=True)
class _Level:
    """Expressions of one size, with their values in rows."""

    exprs: list[Expr]
    values: Any

    def items(self) -> Iterator[tuple[Expr, Any]]:
        return zip(self.exprs, self.values, strict=True)

    def keys(self) -> list[int]:
        return _keys(self.values)


def _keys(values: Any) -> list[int]:
    """A hash of each row."""
    keys: list[int] = (values * _FACTORS[: values.shape[1]]).sum(axis=1).tolist()
    return keys


Made = Callable[[str, int], Expr]
"""The expression of an operation with the one at an index."""


def _combined(small: _Level, large: _Level) -> Iterator[tuple[str, Made, Any]]:
    """Each operation of an expression of one level with all of another, in both orders, with the values in rows."""
    for expr, array in small.items():
        for op, operation in OPERATIONS.items():
            yield op, partial(_left_of, expr, large.exprs), operation(array, large.values)
            if op in ("-", "//", "ceil"):
                yield op, partial(_right_of, expr, large.exprs), operation(large.values, array)


def _left_of(expr: Expr, others: Sequence[Expr], op: str, index: int) -> Expr:
    return Expr(op, (expr, others[index]))


def _right_of(expr: Expr, others: Sequence[Expr], op: str, index: int) -> Expr:
    return Expr(op, (others[index], expr))


def _keep_new(exprs: list[Expr], rows: list[Any], known: set[int], op: str, made: Made, values: Any) -> None:
    for place, key in enumerate(_keys(values)):
        if key not in known and len(exprs) < MOST_KEPT:
            known.add(key)
            exprs.append(made(op, place))
            rows.append(values[place])


def _varied(target: Any, leaves: Values, most: int = 48) -> Any:
    """Which calls to enumerate with: enough different ones."""
    rows = np.column_stack([target, *leaves.values()])
    _, first = np.unique(rows, axis=0, return_index=True)
    return np.sort(first)[:: max(1, len(first) // most)]


def _convolution(target: Any, leaves: Values) -> Iterator[Expr]:
    """The size of a convolution's output. Fewer calls are needed for it than for quotients in general."""
    if len(leaves) > 7:
        return
    terms_of = [(term(code), array) for code, array in leaves.items()]
    one, zero = (constant(1), 0 * target + 1), (constant(0), 0 * target)
    steps = [one, *((expr, array) for expr, array in terms_of if (array > 0).all())]
    for (size, n), (window, k) in permutations(terms_of, 2):
        for (pad, p), (dilation, d) in product([zero, *terms_of], [one, *terms_of]):
            if len({size, window, pad, dilation}) < 4:
                continue
            span = n + 2 * p - d * (k - 1) - 1
            for step, s in steps:
                if span[0] // s[0] + 1 == target[0] and np.array_equal(span // s + 1, target):
                    whole = size + constant(2) * pad - dilation * (window - constant(1)) - constant(1)
                    yield whole // step + constant(1)
                    return


def _pooled(target: Any, leaves: Values) -> Iterator[Expr]:
    """The size of a pooling window's output with `ceil_mode`: the last window has to begin inside of the input."""
    terms_of = [(term(code), array) for code, array in leaves.items()]
    steps = [(expr, array) for expr, array in terms_of if (array > 0).all()]
    for (size, n), (window, k), (step, s) in product(terms_of, terms_of, steps):
        for (pad, p), (dilation, d) in product(
            [(constant(0), 0 * n), *terms_of], [(constant(1), 0 * n + 1), *terms_of]
        ):
            if len({size, window, pad}) < 3 or dilation == window:
                continue
            if min(-(-(n[0] + 2 * p[0] - d[0] * (k[0] - 1) - 1) // s[0]) + 1, -(-(n[0] + p[0]) // s[0])) != target[0]:
                continue
            values = np.minimum(-(-(n + 2 * p - d * (k - 1) - 1) // s) + 1, -(-(n + p) // s))
            if np.array_equal(values, target):
                span = size + constant(2) * pad - dilation * (window - constant(1)) - constant(1)
                first = Expr("ceil", (span, step)) + constant(1)
                yield Expr("min", (first, Expr("ceil", (size + pad, step))))
                return


def _windows(target: Any, leaves: Values) -> Iterator[Expr]:
    """The number of places of a window in two dimensions: a product of two quotients with one window and step."""
    if len(leaves) > 7:
        return
    terms_of = [(term(code), array) for code, array in leaves.items()]
    one, zero = (constant(1), 0 * target + 1), (constant(0), 0 * target)
    steps = [one, *((expr, array) for expr, array in terms_of if (array > 0).all())]
    for (window, k), (step, s), (pad, p), (dilation, d) in product(
        terms_of, steps, [zero, *terms_of], [one, *terms_of]
    ):
        sizes = [item for item in terms_of if item[0] not in (window, step, pad, dilation)]
        inside = 2 * p - d * (k - 1) - 1
        first = [(n[0] + inside[0]) // s[0] + 1 for _, n in sizes]
        for i, j in combinations(range(len(sizes)), 2):
            if first[i] * first[j] != target[0]:
                continue
            (height, rows), (width, columns) = sizes[i], sizes[j]
            if np.array_equal(((rows + inside) // s + 1) * ((columns + inside) // s + 1), target):
                margin = constant(2) * pad - dilation * (window - constant(1)) - constant(1)
                yield ((height + margin) // step + constant(1)) * ((width + margin) // step + constant(1))
                return


def _bilinear(target: Any, leaves: Values) -> Iterator[Expr]:
    """A sum of terms and products of two terms, as in transposed convolutions and padding."""
    if len(leaves) <= 7:
        expr = sparse_sum(target, _features(leaves))
        if expr is not None:
            yield expr


def _features(leaves: Values) -> list[tuple[Expr, Any]]:
    singles = [(term(code), array) for code, array in leaves.items()]
    return singles + [(a * b, x * y) for (a, x), (b, y) in combinations(singles, 2)]


def _quotient(target: Any, leaves: Values) -> Iterator[Expr]:
    """A sum of terms and products, divided by a term or a small number and rounded, plus a number.

    The remainder is noise in the numerator. Least squares over many calls finds the integer coefficients all the same;
    they are checked afterwards.
    """
    divisors = [(term(code), array) for code, array in leaves.items() if (array > 0).all()]
    divisors += [(constant(n), np.full(len(target), n, dtype=np.int64)) for n in (2, 3, 4)]
    for divisor, array in divisors:
        others = {code: a for code, a in leaves.items() if divisor != term(code)}
        singles = [(term(code), a) for code, a in others.items()]
        halves = [(term(code) // constant(2), a // 2) for code, a in leaves.items()] if len(leaves) <= 4 else []
        products = _features(others) if len(others) <= 5 else []
        for features in (singles, products, [*singles, *halves] if halves else [], _features(leaves)):
            found = _rounded(target, divisor, array, features) if features else []
            yield from found
            if found:
                break


def _rounded(target: Any, divisor: Expr, array: Any, features: Features) -> list[Expr]:
    kept = independent(features, len(target))
    if len(target) < 2 * len(kept) + 4:
        return []
    # The divisor takes up the number outside of the quotient, and half of the remainder.
    columns = [a for _, a in independent([*kept, (divisor, array)], len(target))]
    matrix = np.column_stack([*columns, np.ones(len(target))]).astype(float)
    solution = np.linalg.lstsq(matrix, (target * array).astype(float), rcond=None)[0]
    whole = np.append(np.rint(solution[: len(kept)]).astype(np.int64), 0)
    if np.abs(whole).max() > 8 or not whole.any():
        return []
    base = value_of_sum(whole, kept, len(target))
    for op, outsides in (("//", (1, 0, -1, 2)), ("ceil", (0, 1, -1))):
        for outside in outsides:
            rest = target - outside
            # Each call bounds the constant in the numerator from both sides.
            low = rest * array - base if op == "//" else (rest - 1) * array - base + 1
            high = low + array - 1
            if low.max() <= high.min():
                inner = sorted(range(int(low.max()), int(high.min()) + 1), key=abs)[:4]
                return [plus(Expr(op, (as_sum(np.append(whole[:-1], c), kept), divisor)), outside) for c in inner]
    return []
