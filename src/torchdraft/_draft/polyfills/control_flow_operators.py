"""Python fallbacks of control flow operators."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
    """`scan(step, carried, rows)`, unrolled. `step` takes flat lists; the result has the structure that it returns."""
    structures: list[tuple[Any, Any]] = []
    if isinstance(step, partial) and "combine_fn" in step.keywords:
        step = partial(step, combine_fn=_noting(step.keywords["combine_fn"], structures))
    steps = []
    for row in zip(*(r.unbind(0) for r in rows), strict=True):
        out = pytree.tree_leaves(step(*carried, *row))
        carried = out[: len(carried)]
        steps.append(out[len(carried) :])
    stacked = [torch.stack(column) for column in zip(*steps, strict=True)]
    if not structures:
        return carried, stacked
    return tuple(map(pytree.tree_unflatten, (carried, stacked), structures[-1]))


def _noting(function: Callable[..., Any], structures: list[tuple[Any, Any]]) -> Callable[..., Any]:
    """The function, which notes the structure of the two values that it returns."""

    def noting(*args: Any) -> Any:
        carry, out = function(*args)
        structures.append((pytree.tree_flatten(carry)[1], pytree.tree_flatten(out)[1]))
        return carry, out

    return noting


def _unpacked(row: tuple[Any, ...]) -> Any:
    return row[0] if len(row) == 1 else row


def _stacked(made: list[Any]) -> Any:
    """A list of equal structures as one structure of stacked tensors."""
    leaves = [pytree.tree_leaves(one) for one in made]
    columns = [torch.stack(column) for column in zip(*leaves, strict=True)]
    return pytree.tree_unflatten(columns, pytree.tree_flatten(made[0])[1])
