"""Sizes that data decides and the program asserts to be one number, written so that a second trace learns them too."""

from __future__ import annotations

import operator
from typing import Any

import sympy
import torch

from torchdraft._torch.shapes import is_unbacked

_Asserted = dict[sympy.Expr, tuple[torch.fx.Node, int]]


def cut_known_sizes(graph: torch.fx.Graph) -> bool:
    """Cuts a tensor to the size that was asserted of it. True if there was one.

    Upstream takes a size that depends on data for 2 or more, whatever is asserted of it, and solves no equation about a
    size that was computed (`Min(3, u0) == 3`). A program that squeezes, broadcasts, unbinds or views such a tensor is
    another one, or none, once it is decomposed, compiled or exported again: the dimension that `squeeze` took away is
    back. The cut says the same in a word that each trace understands.
    """
    asserted = _asserted(graph)
    cuts = [cut for tensor in graph.nodes for cut in _made_of_it(tensor, asserted)] if asserted else []
    made = [_cut(graph, *cut) for cut in cuts]
    return any(made)


def _made_of_it(tensor: torch.fx.Node, asserted: _Asserted) -> list[tuple[torch.fx.Node, int, torch.fx.Node, int]]:
    """The dimensions of `tensor` to cut: those of an asserted size that none of its inputs has already."""
    if tensor.op != "call_function":
        return []
    taken_over = {size for given in tensor.all_input_nodes for size in _sizes(given.meta.get("val"))}
    sizes = enumerate(_sizes(tensor.meta.get("val")))
    return [(tensor, dim, *asserted[size]) for dim, size in sizes if size in asserted and size not in taken_over]


def _cut(graph: torch.fx.Graph, tensor: torch.fx.Node, dim: int, assertion: torch.fx.Node, number: int) -> bool:
    """Puts a tensor with a plain size in the place of `tensor`, after the assertion of it."""
    where = max(tensor, assertion)
    later = [user for user in tensor.users if user > where]
    if not later:
        return False
    value = tensor.meta["val"]
    target: Any = torch.ops.aten.slice.Tensor
    args: tuple[Any, ...] = (dim, 0, number)
    if number > 1:
        target = torch.ops.aten.expand.default
        args = ([number if d == dim else -1 for d in range(value.dim())],)
    with graph.inserting_after(where):
        cut = graph.call_function(target, (tensor, *args))
    cut.meta.update({key: kept for key, kept in tensor.meta.items() if key not in _OF_ITS_OWN})
    with value.fake_mode:
        cut.meta["val"] = target(value, *args)
    for user in later:
        user.replace_input_with(tensor, cut)
    return True


_OF_ITS_OWN = ("val", "unbacked_bindings", "tensor_meta")


def _asserted(graph: torch.fx.Graph) -> _Asserted:
    """The sizes, as expressions, that are asserted to be a number, with the assertion.

    A symbol that is 2 or more is left alone: upstream puts the number in its place by itself.
    """
    found: _Asserted = {}
    for node in graph.nodes:
        said = node.args[0] if node.target is torch.ops.aten._assert_scalar.default else None
        if not isinstance(said, torch.fx.Node) or said.target is not operator.eq:
            continue
        size, number = said.args
        value = size.meta.get("val") if isinstance(size, torch.fx.Node) else None
        if isinstance(value, torch.SymInt) and type(number) is int and number >= 0:
            expr = value.node._expr
            if any(is_unbacked(s) for s in expr.free_symbols) and (number < 2 or not expr.is_Symbol):
                found.setdefault(expr, (node, number))
    return found


def _sizes(value: Any) -> list[Any]:
    """The sizes of a tensor, as expressions where they are symbolic; of anything else none."""
    if not isinstance(value, torch.Tensor) or value.layout is not torch.strided:
        return []
    return [size.node._expr if isinstance(size, torch.SymInt) else size for size in value.shape]
