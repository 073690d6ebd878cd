"""Writes the source of a random model from its number."""

from __future__ import annotations

import random

HEAD = """class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(3, 3)
        self.register_buffer("count", torch.zeros(3))
        self.k = 1

    def forward(self, x, n):
        self.k = 1
        k, found = 1, [x]
        y, z = x + 1, x * 2
"""
TAIL = """        return y, z, x * k * self.k + len(found), torch.stack(found).sum(0)
"""

CONDITIONS = (
    "y.sum() > 0",
    "x[0] > 0",
    "x[1] < 0",
    "z.abs().max() > 4",
    "x[2] > 1 and y[0] > 0",
    "not (y[1] > 1 or x[0] < 0)",
    "int(n) > 1",
    "any(bool(v > 2) for v in y)",
)
STATEMENTS = (
    "y = y * 2",
    "y = self.layer(y)",
    "z = y - z",
    "y, z = z, y",
    "k = 2",
    "k += 1",
    "self.k = 3",
    "found.append(y)",
    "found[0] = z",
    "self.count += y.detach()",
    "z = z.clone()\nz.add_(1)",
    "y = y[y > 0].sum() + z",
    "y = y * k",
    "z = z * self.k + len(found)",
    "y = scaled(k, x[1] < 0, y)",
    "held = sorted([y[0], y[1]], key=lambda v: v.item())\nz = z + held[0]",
    "z = z + sum(map(lambda v: 1 if v > 0 else 2, y))",
)
LOOPS = (
    "for step in range(int(n)):\n    y = y * 0.5 + step",
    "while z.norm() > 3:\n    z = z / 2",
    "while y.norm() > 3:\n    t = y / 2\n    z = z + t * 0.1\n    y = t",
    "turns = 0\nwhile y.norm() > 3 and turns < 3:\n    y = y / 2\n    turns += 1",
    "for v in (1, 2):\n    if y[0] > v:\n        continue\n    y = y + v",
    "for _ in range(int(n)):\n    found.append(found[-1] / 2)",
    "for step in range(int(n)):\n    if y[0] > step:\n        y = y - 1\n    else:\n        z = z + y",
    "for step in range(int(n)):\n    z = z + 1\n    if step > 1 and z.sum() > 2:\n        break\n    z = z - y * 0.1",
    "rows = torch.zeros(5, 3)\nfor step in range(int(n)):\n    rows[step] = y * step\nz = z + rows.sum(0)",
    "for step in range(int(n)):\n    self.count += step\n    z = z + self.count",
    "while z.norm() > 3:\n    t = z * 1\n    while t.sum() > 2:\n        t = t / 3\n    z = z / 2 - t * 0.1",
    "for step in range(int(n)):\n    if step % 2 == 0:\n        y.mul_(0.5)\n    elif x[0] > 0:\n        y = y + 1",
)


def source(number: int, seed: int = 0) -> str:
    """The source of a model whose `forward` takes three floats and an integer from 0 to 4."""
    draw = random.Random(f"{seed}:{number}")
    body = "\n".join(_statement(draw, 0) for _ in range(draw.randint(2, 4)))
    return HEAD + "\n".join(f"        {line}" for line in body.splitlines()) + "\n" + TAIL


def _statement(draw: random.Random, depth: int) -> str:
    kind = draw.random()
    if kind < 0.15 and depth == 0:
        return draw.choice(LOOPS)
    if kind < 0.7 and depth < 2:
        inside = _indented("\n".join(_statement(draw, depth + 1) for _ in range(draw.randint(1, 2))))
        other = f"\nelse:\n{_indented(_statement(draw, depth + 1))}" if draw.random() < 0.4 else ""
        return f"if {draw.choice(CONDITIONS)}:\n{inside}{other}"
    return draw.choice(STATEMENTS)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
