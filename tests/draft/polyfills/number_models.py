"""Small models that compute with numbers: each reads a number, converts it and uses it.

They are written as users write them; the tests draft them and run the program on other inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import ceil as round_up
from typing import Any

import torch

Number = Any


class Computes(torch.nn.Module):
    """`use(x, of(read(x, t)))`."""

    def __init__(self, read: Callable[..., Number], of: Callable[[Number], Number], use: Callable[..., Any]) -> None:
        super().__init__()
        self.read, self.of, self.use = read, of, use

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> Any:
        return self.use(x, self.of(self.read(x, t)))


def example(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs whose first dimension is the number that is read as a size, or the tensor `t` that holds it."""
    return torch.arange(rows * 40.0).reshape(rows, 40) / 7, torch.tensor(rows)


READ: dict[str, Callable[..., Number]] = {
    "size": lambda x, _: x.shape[0],
    "len": lambda x, _: len(x),
    "item": lambda _, t: t.item(),
    "int tensor": lambda _, t: t,
    "float item": lambda _, t: (t * 0.75).item(),
    "float tensor": lambda _, t: t * 0.75,
}
"""Where a number comes from."""

CONVERTED: dict[str, Callable[[Number], Number]] = {
    "int(n)": lambda n: int(n),
    "int(n / 2)": lambda n: int(n / 2),
    "int(-n / 2)": lambda n: int(-n / 2),
    "int(n ** 0.5)": lambda n: int(n**0.5),
    "int(n) // 2": lambda n: int(n) // 2,
    "(int(n) + 7) // 8 * 8": lambda n: (int(n) + 7) // 8 * 8,
    "int(n > 3)": lambda n: int(n > 3),
    "list(map(int, ...))": lambda n: sum(map(int, [n, n * 2])),
    "float(n)": lambda n: float(n),
    "float(n > 3)": lambda n: float(n > 3),
    "abs(-n)": lambda n: abs(-n),
    "min(n, 4)": lambda n: min(n, 4),
    "max(4, n)": lambda n: max(4, n),
    "min(9, n, 4)": lambda n: min([9, n, 4]),
    "max(n / 4, 1)": lambda n: max(n / 4, 1),
    "max(1.0, n / 4)": lambda n: max(1.0, n / 4),
    "int(min(n / 4, 1))": lambda n: int(min(n / 4, 1)),
    "sum([n, 1, n])": lambda n: sum([n, 1, n]),
    "pow(n, 2)": lambda n: pow(n, 2),
    "n // 2": lambda n: n // 2,
    "n % 3": lambda n: n % 3,
    "n // 0.3": lambda n: n // 0.3,
    "n % 0.7": lambda n: n % 0.7,
    "n / 2": lambda n: n / 2,
    "math.sqrt(n)": lambda n: math.sqrt(n),
    "int(math.sqrt(n))": lambda n: int(math.sqrt(n)),
    "math.floor(n / 3)": lambda n: math.floor(n / 3),
    "math.ceil(n * 0.7)": lambda n: math.ceil(n * 0.7),
    "ceil(n * 0.7)": lambda n: round_up(n * 0.7),
    "math.pow(n, 2)": lambda n: math.pow(n, 2),
    "math.fabs(-n)": lambda n: math.fabs(-n),
    "(-n) ** 3": lambda n: (-n) ** 3,
    "math.radians(n)": lambda n: math.radians(n),
    "math.degrees(n)": lambda n: math.degrees(n),
    "math.isqrt(int(n))": lambda n: math.isqrt(int(n)),
    "math.prod([n, n])": lambda n: math.prod([n, n]),
}
"""Conversions of any number."""

OF_PYTHON_NUMBERS: dict[str, Callable[[Number], Number]] = {
    "round(n / 3)": lambda n: round(n / 3),
    "round(n * 0.7, 2)": lambda n: round(n * 0.7, 2),
    "divmod(n, 3)": lambda n: divmod(n, 3)[0] * 10 + divmod(n, 3)[1],
    "math.trunc(n / 3)": lambda n: math.trunc(n / 3),
}
"""Conversions that Python makes of no tensor."""

OF_INTEGERS: dict[str, Callable[[Number], Number]] = {
    "2 ** n": lambda n: 2**n,
    "pow(n, 3, 7)": lambda n: pow(n, 3, 7),
    "round(n)": lambda n: round(n),
}

USED: dict[str, Callable[..., Any]] = {
    "slice": lambda x, v: x[:, :v] * 2,
    "rest": lambda x, v: x[:, v:] * 2,
    "size": lambda _, v: torch.zeros(v, 3) @ torch.ones(3, v),
    "index": lambda x, v: x[0, v] * 2,
    "select": lambda x, v: x.select(1, v) * 2,
    "repeat": lambda x, v: x.repeat(v, 1),
    "step": lambda x, v: x[:, :: v + 1] * 2,
    "fill": lambda _, v: torch.full((2,), v),
    "range": lambda _, v: torch.arange(v),
    "narrow": lambda x, v: x.narrow(1, 0, v) * 2,
    "view": lambda _, v: torch.arange(v * 4).view(v, 4),
    "pad": lambda x, v: torch.nn.functional.pad(x, (0, v)),
    "roll": lambda x, v: x.roll(v, 1),
    "scale": lambda x, v: x * v,
}
"""What a model does with an integer."""

INTEGERS: dict[str, tuple[str, Callable[[Number], Number]]] = {
    "int(size / 2)": ("size", lambda n: int(n / 2) + 1),
    "int(size ** 0.5)": ("size", lambda n: int(n**0.5) + 1),
    "ceil(size * 0.3)": ("size", lambda n: math.ceil(n * 0.3) + 1),
    "min(len, 5)": ("len", lambda n: min(n, 5)),
    "int(tensor)": ("int tensor", lambda n: int(n) // 2 + 1),
    "int(float)": ("float tensor", lambda n: int(n) + 1),
    "round(float)": ("float item", lambda n: round(n) + 1),
    "max(item)": ("item", lambda n: max(n - 3, 2)),
}
"""Integers to be used as sizes, indices and so on."""


def sum_of_rows(x: torch.Tensor, v: Number) -> torch.Tensor:
    total = x[0]
    for row in range(v):
        total = total + x[0, row]
    return total


def shown(x: torch.Tensor, v: Number) -> torch.Tensor:
    print(f"{v} of {x.shape}")
    return x * v


def looked_up(x: torch.Tensor, v: Number) -> torch.Tensor:
    return x * {1: 2.0, 2: 3.0, 3: 4.0}.get(v, 1.0)


def halved(x: torch.Tensor, v: Number) -> torch.Tensor:
    while v > 4:
        v = v // 2
    return x * v


DECIDED: dict[str, Callable[..., Any]] = {
    "size of one": lambda _, v: torch.zeros(v - 1) + 1,
    "identity": lambda _, v: torch.eye(v),
    "pieces": lambda _, v: torch.cat([torch.zeros(v), torch.ones(v - 1)]),
    "broadcast": lambda x, v: x[:, :v] + torch.ones(v),
    "interpolate": lambda x, v: torch.nn.functional.interpolate(x[None], size=v),
    "pool": lambda x, v: torch.nn.functional.adaptive_avg_pool1d(x, v),
    "unfold": lambda x, v: x.unfold(1, v, 1) * 2,
    "topk": lambda x, v: x.topk(v, 1).values,
    "branch": lambda x, v: x if v > 2 else x * 2,
    "chained": lambda x, v: x if 1 < v <= 4 else x * 2,
    "item of a list": lambda x, v: x * [5, 6, 7, 8, 9, 10, 11, 12][v],
    "loop": sum_of_rows,
    "halved": halved,
    "text": shown,
    "key": looked_up,
}
"""Uses for which an integer has to be one number, or where torch treats a size of 1 as a case of its own."""
