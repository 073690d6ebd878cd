"""Python fallbacks of control flow operators."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch import pytree

from .control_flow import python_fallback


@python_fallback(
    "cond",
    operator="torch.cond",
    condition_first=True,
    why="Dynamo rejects branches that return different structures or shapes, or that read data.",
)
def cond(pred: Any, true_fn: Any, false_fn: Any, operands: Any) -> Any:
    """`torch.cond(pred, true_fn, false_fn, operands)`."""
    return (true_fn if bool(pred) else false_fn)(*operands)


@python_fallback("while_loop", operator="while_loop", why="Dynamo rejects a condition or a body that reads data.")
def while_loop(cond_fn: Any, body_fn: Any, carried: Any, more: Any = ()) -> Any:
    """`while_loop(cond_fn, body_fn, carried, more)`, unrolled."""
    while bool(cond_fn(*carried, *more)):
        out = body_fn(*carried, *more)
        carried = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    return tuple(carried)


@python_fallback("map", operator="map", why="Dynamo rejects a function that reads data.")
def map_rows(row_fn: Any, rows: Any, more: Any) -> Any:
    """`map(row_fn, rows, *more)`, unrolled."""
    made = [row_fn(_unpacked(row), *more) for row in zip(*(r.unbind(0) for r in rows), strict=True)]
    return _stacked(made)


@python_fallback("scan", operator="scan", why="Dynamo rejects a step that reads data.")
def scan(step: Any, carried: Any, rows: Any) -> Any:
    """`scan(step, carried, rows)`, unrolled."""
    steps = []
    for row in zip(*(r.unbind(0) for r in rows), strict=True):
        out = step(*carried, *row)
        carried = list(out[: len(carried)])
        steps.append(list(out[len(carried) :]))
    return carried, [torch.stack(column) for column in zip(*steps, strict=True)]


def _unpacked(row: tuple[Any, ...]) -> Any:
    return row[0] if len(row) == 1 else row


def _stacked(made: list[Any]) -> Any:
    """A list of equal structures as one structure of stacked tensors."""
    leaves = [pytree.tree_leaves(one) for one in made]
    columns = [torch.stack(column) for column in zip(*leaves, strict=True)]
    return pytree.tree_unflatten(columns, pytree.tree_flatten(made[0])[1])
