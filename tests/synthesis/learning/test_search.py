"""Expressions are found for sizes of the usual kinds, the smallest ones, and as Python code that has their values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from torchdraft._synthesis.learning.search import find

RULES: dict[str, Callable[..., int]] = {
    "identity": lambda a: a,
    "sum": lambda a, b, c: a + b + c,
    "padded": lambda a, p: a + 2 * p,
    "product": lambda a, b, c: a * b * c,
    "floor": lambda a, s: a // s,
    "ceiling": lambda a, s: -(-a // s),
    "convolution": lambda a, k, s, p, d: (a + 2 * p - d * (k - 1) - 1) // s + 1,
    "transposed": lambda a, k, s, p: (a - 1) * s - 2 * p + k,
    "pool with ceil": lambda a, k, s, p: min(-(-(a + 2 * p - k) // s) + 1, -(-(a + p) // s)),
    "pixel shuffle": lambda a, r: a * r * r,
    "triangle": lambda a: a * (a + 1) // 2,
    "maximum": lambda a, b: max(a, b),
    "difference": lambda a, b: a - b,
    "last chunk": lambda a: a - 2 * -(-a // 3),
}


def samples(rule: Callable[..., int], seed: int, count: int = 150) -> tuple[dict[str, list[int]], list[int]]:
    names = rule.__code__.co_varnames[: rule.__code__.co_argcount]
    random = np.random.default_rng(seed)
    ranges = {"k": (1, 6), "s": (1, 5), "p": (0, 4), "d": (1, 4), "r": (1, 5)}
    values = {name: random.integers(*ranges.get(name, (20, 60)), count).tolist() for name in names}
    return values, [rule(*row) for row in zip(*values.values(), strict=True)]


@pytest.mark.parametrize("name", RULES)
def test_the_rule_is_found_and_holds_elsewhere(name: str) -> None:
    values, target = samples(RULES[name], 0)
    expr = find(target, values, list(values))[0]
    others, expected = samples(RULES[name], 1, 40)
    found = [int(expr.value({code: column[i] for code, column in others.items()})) for i in range(40)]
    assert found == expected, expr.code()
    names = {"torch": _SymInts}
    code = [eval(expr.code(), names | {c: column[i] for c, column in others.items()}) for i in range(40)]
    assert code == expected, expr.code()


class _SymInts:
    sym_max = staticmethod(max)
    sym_min = staticmethod(min)


def test_few_calls_are_enough_for_a_convolution() -> None:
    values, target = samples(RULES["convolution"], 3, 25)
    expr = find(target, values, list(values))[0]
    others, expected = samples(RULES["convolution"], 4, 40)
    found = [int(expr.value({code: column[i] for code, column in others.items()})) for i in range(40)]
    assert found == expected, expr.code()


def test_nothing_is_found_where_there_is_no_relation() -> None:
    """The check itself: random sizes have no rule."""
    values, _ = samples(RULES["convolution"], 0)
    target = np.random.default_rng(5).integers(1, 50, 150)
    assert find(target, values, list(values)) == []


def test_one_wrong_size_refutes_a_rule() -> None:
    values, target = samples(RULES["convolution"], 0)
    target[77] += 1
    assert find(target, values, list(values)) == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [("sum", "a + b + c"), ("floor", "a // s"), ("triangle", "(a + a**2) // 2"), ("maximum", "torch.sym_max(a, b)")],
)
def test_the_code_is_short(rule: str, code: str) -> None:
    values, target = samples(RULES[rule], 0)
    assert find(target, values, list(values))[0].code() == code
