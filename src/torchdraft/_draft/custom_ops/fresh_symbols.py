"""The unbacked symbols that a fake kernel created, which are discarded where its outputs are not used."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.symbolic.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import flat_outputs


def fresh_since(env: Any, created: int) -> list[Any]:
    """The symbols created since `created` of them existed."""
    return list(env.unbacked_created[created:])


def discard_symbols(env: Any, symbols: list[Any], unless_in: Any = None) -> None:
    """Removes `symbols`, except those in the outputs `unless_in`: the next node need not bind them, and the conditions
    on them are not asserted.
    """
    used = {s for leaf in flat_outputs(unless_in) for e in expressions(leaf) for s in free_symbols(e)}
    discarded = {s for s in symbols if s not in used}
    if not discarded:
        return
    env.pending_fresh_unbacked_symbols[:] = [s for s in env.pending_fresh_unbacked_symbols if s not in discarded]
    for symbol in discarded:
        env.deferred_runtime_asserts.pop(symbol, None)


def expressions(leaf: Any) -> list[Any]:
    """The sizes, strides and offset of a tensor, or a scalar; symbolic ones as expressions."""
    if not isinstance(leaf, torch.Tensor):
        return [expression(leaf)]
    if leaf.layout is not torch.strided:
        return [expression(s) for s in leaf.shape]
    return [expression(s) for s in (*leaf.shape, *leaf.stride(), leaf.storage_offset())]


def expression(value: Any) -> Any:
    """The expression of a symbolic scalar; other values as they are."""
    return value.node.expr if isinstance(value, SYMBOLIC) else value


def free_symbols(value: Any) -> set[Any]:
    """The symbols of an expression; none of a number."""
    return getattr(value, "free_symbols", set())
