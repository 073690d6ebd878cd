"""Finds the integer inputs that are used as indices, and the sizes of the tables that they index.

An index out of range raises on a CPU. On a GPU it makes the device unusable for the process. Integers are therefore
drawn below the size of the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.symbolic.fake import OpOverload

from .interface import Leaf, expression_of, substitute

_SAME_VALUES = frozenset({
    *("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "expand", "expand_as", "view_as", "movedim"),
    *("permute", "transpose", "t", "swapaxes", "slice", "select", "narrow", "flip", "roll", "repeat", "tile"),
    *("clone", "contiguous", "to", "_to_copy", "type_as", "detach", "alias", "lift_fresh_copy", "masked_select"),
    *("cat", "stack", "split", "split_with_sizes", "chunk", "unbind", "getitem"),
})  # fmt: skip
"""Operators whose result contains only values of their first argument."""

_NO_VALUES = frozenset({
    *("sym_size", "sym_numel", "sym_stride", "size", "numel"),
    *("zeros_like", "ones_like", "empty_like", "rand_like"),
})  # fmt: skip
"""Operators that use only the shape."""


@dataclass(frozen=True, slots=True)
class Use:
    """The uses of an integer input as an index."""

    tables: tuple[Any, ...] = ()
    """The sizes of the indexed tables, as expressions."""
    computed: bool = False
    """True if a number computed from the input is an index, so the valid values are unknown."""


class Tables:
    """The tables that each integer input indexes."""

    def __init__(self, leaves: tuple[Leaf, ...]) -> None:
        self.uses: dict[str, Use] = {}
        for leaf in leaves:
            if leaf.is_tensor and leaf.node is not None and _is_integer(leaf.example):
                self.uses[leaf.name] = _followed(leaf.node)

    def limit(self, leaf: Leaf, sizes: Mapping[Any, int]) -> int | None:
        """The exclusive upper bound of the values, or None if no table limits them."""
        return min(self._known(leaf, sizes), default=None)

    def unknown(self, leaf: Leaf, sizes: Mapping[Any, int]) -> bool:
        """True if values outside of the observed range may be invalid indices."""
        use = self.uses.get(leaf.name, Use())
        return use.computed or len(self._known(leaf, sizes)) < len(use.tables)

    def _known(self, leaf: Leaf, sizes: Mapping[Any, int]) -> list[int]:
        tables = self.uses.get(leaf.name, Use()).tables
        return [int(substitute(t, sizes)) for t in tables if t is not None and t.free_symbols <= sizes.keys()]


def _is_integer(tensor: torch.Tensor) -> bool:
    return not tensor.is_floating_point() and not tensor.is_complex() and tensor.dtype is not torch.bool


def _followed(start: torch.fx.Node) -> Use:
    """Follows a value and the numbers computed from it through the graph."""
    waiting = [(start, True)]
    seen = set(waiting)
    tables: list[Any] = []
    computed = False
    while waiting:
        node, itself = waiting.pop()
        for user in node.users:
            looked_up = [size for index, size in _lookups(user) if index is node]
            tables += looked_up if itself else ()
            computed = computed or _is_nested(user) or (bool(looked_up) and not itself)
            reached = (user, itself and _name(user) in _SAME_VALUES and node in _sources(user))
            if not looked_up and _name(user) not in _NO_VALUES and reached not in seen:
                seen.add(reached)
                waiting.append(reached)
    return Use(tuple(dict.fromkeys(tables)), computed)


def _lookups(node: torch.fx.Node) -> Iterator[tuple[Any, Any]]:
    """`(index, size of the table)` for every operand of `node` that is used as an index."""
    name, args = _name(node), node.args
    if name in ("embedding", "embedding_bag", "_embedding_bag") and len(args) > 1:
        yield args[1], _size(args[0], 0)
    elif name in ("index_select", "gather", "index_add", "index_copy", "index_fill") or name.startswith("scatter"):
        if len(args) > 2:
            yield args[2], _size(args[0], args[1])
    elif name in ("index", "index_put", "_unsafe_index") and len(args) > 1:
        indices: Any = args[1]
        yield from ((index, _size(args[0], dim)) for dim, index in enumerate(indices) if index is not None)
    elif name in ("nll_loss", "nll_loss_nd", "cross_entropy_loss") and len(args) > 1:
        yield args[1], _size(args[0], 1)
    elif name == "one_hot" and args:
        classes = args[1] if len(args) > 1 else -1
        if not (isinstance(classes, int) and classes < 0):
            yield args[0], expression_of(classes) if isinstance(classes, int) else None
    elif name in ("take", "take_along_dim", "index_reduce") and len(args) > 1:
        yield args[-1 if name == "take_along_dim" else 1], None


def _size(table: Any, dim: Any) -> Any:
    """The size of a table, or None if it is unknown."""
    held = table.meta.get("val") if isinstance(table, torch.fx.Node) else None
    if not isinstance(held, torch.Tensor) or not isinstance(dim, int) or not -held.dim() <= dim < held.dim():
        return None
    return expression_of(held.shape[dim])


def _name(node: torch.fx.Node) -> str:
    """The name of the operator without namespace, overload and the underscore of in-place ops."""
    if isinstance(node.target, OpOverload):
        name = str(node.target).split(".")[1]
        return name if name.startswith("_") else name.rstrip("_")
    return getattr(node.target, "__name__", str(node.target))


def _sources(node: torch.fx.Node) -> tuple[Any, ...]:
    """The nodes that the values of `node` come from: its first argument, or the elements of a list."""
    first = node.args[0] if node.args else None
    return tuple(first) if isinstance(first, (list, tuple)) else (first,)


def _is_nested(node: torch.fx.Node) -> bool:
    """True if the value is passed to a subgraph (a branch of `torch.cond`), which is not followed."""
    return any(
        isinstance(arg, torch.fx.Node) and arg.op == "get_attr" and "graph" in str(arg.target) for arg in node.args
    )
