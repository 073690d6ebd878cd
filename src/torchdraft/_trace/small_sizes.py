"""Sizes that data decides and the program asserts to be 0 or 1, written so that a second trace learns them too."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import torch


def cut_small_sizes(graph: torch.fx.Graph) -> bool:
    """Cuts a tensor to the size it was just asserted to have, where that is 0 or 1. True if there was one.

    Upstream takes a size that depends on data for 2 or more, whatever is asserted of it. A program that squeezes,
    broadcasts or views such a tensor is another one once it is decomposed, compiled or exported again: the dimension
    that `squeeze` took away is back. The cut says the same in a word that each trace understands.
    """
    changed = False
    for assertion, tensor, dim, size in list(_asserted(graph)):
        later = [user for user in tensor.users if user > assertion]
        if not later:
            continue
        value = tensor.meta["val"]
        with graph.inserting_after(assertion):
            cut = graph.call_function(torch.ops.aten.slice.Tensor, (tensor, dim, 0, size))
        cut.meta.update({key: kept for key, kept in tensor.meta.items() if key not in _OF_ITS_OWN})
        with value.fake_mode:
            cut.meta["val"] = torch.ops.aten.slice.Tensor(value, dim, 0, size)
        for user in later:
            user.replace_input_with(tensor, cut)
        changed = True
    return changed


_OF_ITS_OWN = ("val", "unbacked_bindings", "tensor_meta")


def _asserted(graph: torch.fx.Graph) -> Iterator[tuple[Any, Any, int, int]]:
    """The assertions that a dimension of a tensor has the size 0 or 1, with that tensor, dimension and size."""
    for node in graph.nodes:
        said = node.args[0] if node.target is torch.ops.aten._assert_scalar.default else None
        if not isinstance(said, torch.fx.Node) or said.target is not operator.eq:
            continue
        size, number = said.args
        if isinstance(size, torch.fx.Node) and size.target is torch.ops.aten.sym_size.int and number in (0, 1):
            tensor, dim = size.args
            if tensor.op == "call_function":
                yield node, tensor, dim, number
