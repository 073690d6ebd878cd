"""The code of an expression has the value of the expression."""

from __future__ import annotations

import random

import pytest

from torchdraft._synthesis.learning.expressions import IMPOSSIBLE, OPERATIONS, Expr, constant, term


class SymInts:
    """What code calls of torch, for numbers."""

    sym_max = staticmethod(max)
    sym_min = staticmethod(min)

    @staticmethod
    def broadcast_shapes(left: tuple[int], right: tuple[int]) -> tuple[int]:
        return right if left[0] == 1 else left


def drawn(source: random.Random, depth: int) -> Expr:
    if depth == 0 or source.random() < 0.15:
        return term(source.choice("abc")) if source.random() < 0.7 else constant(source.randint(0, 4))
    op = source.choice(list(OPERATIONS))
    return Expr(op, (drawn(source, depth - 1), drawn(source, depth - 1)))


@pytest.mark.parametrize("seed", range(150))
def test_code_and_value_agree(seed: int) -> None:
    source = random.Random(seed)
    expr = drawn(source, 3)
    for _ in range(8):
        numbers = {name: source.randint(1, 30) for name in "abc"}
        value = int(expr.value(numbers))
        if abs(value) < -IMPOSSIBLE // 4096:
            try:
                found = eval(expr.code(), {"torch": SymInts, **numbers})
            except ZeroDivisionError:
                continue  # a rule with such a value is not used
            assert found == value, (expr.code(), numbers)


@pytest.mark.parametrize(
    ("expr", "code"),
    [
        ((term("a") - term("b")) // term("c") + constant(1), "(a - b) // c + 1"),
        (constant(0) - term("a") // term("b"), "-(a // b)"),
        (term("a") * (term("b") // constant(2)), "a*(b // 2)"),
        ((term("a") // term("b")) // term("c"), "(a // b) // c"),
        (term("a") - constant(2) * Expr("ceil", (term("a"), constant(3))), "a - 2*(-(-a // 3))"),
        (Expr("max", (term("a"), term("b"))) // constant(2), "torch.sym_max(a, b) // 2"),
    ],
)
def test_code_is_as_one_would_write_it(expr: Expr, code: str) -> None:
    assert expr.code() == code
