"""Unbacked symbols that a fake kernel made, and forgetting them when its word is not taken."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import flat_outputs


def fresh_since(env: Any, born: int) -> list[Any]:
    """The symbols made since there were `born` of them."""
    return list(env.unbacked_created[born:])


def discard_symbols(env: Any, symbols: list[Any], unless_in: Any = None) -> None:
    """Takes `symbols` off the list of those the next node must bind, with whatever was to be asserted of them."""
    kept = {s for leaf in flat_outputs(unless_in) for e in expressions(leaf) for s in free(e)}
    gone = {s for s in symbols if s not in kept}
    if not gone:
        return
    env.pending_fresh_unbacked_symbols[:] = [s for s in env.pending_fresh_unbacked_symbols if s not in gone]
    for symbol in gone:
        env.deferred_runtime_asserts.pop(symbol, None)


def expressions(leaf: Any) -> list[Any]:
    """An output's sizes, strides and offset, or its scalar: expressions where symbolic."""
    if not isinstance(leaf, torch.Tensor):
        return [expression(leaf)]
    if leaf.layout is not torch.strided:
        return [expression(s) for s in leaf.shape]
    return [expression(s) for s in (*leaf.shape, *leaf.stride(), leaf.storage_offset())]


def expression(value: Any) -> Any:
    """A symbolic scalar's expression; other values as they are."""
    return value.node.expr if isinstance(value, SYMBOLIC) else value


def free(value: Any) -> set[Any]:
    """The free symbols of an expression; none of a number."""
    return getattr(value, "free_symbols", set())
