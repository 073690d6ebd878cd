"""Which tensors of a graph may share memory, and whether something writes to it after a custom operator's call."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import torch

from torchdraft._torch.symbolic.fake import OpOverload


class MemoryFamilies:
    """Nodes that may share memory: a view and what it views, results and arguments of custom operators."""

    def __init__(self, graph: torch.fx.Graph, custom: Collection[torch.fx.Node]) -> None:
        self._parent: dict[torch.fx.Node, torch.fx.Node] = {}
        self._writes: list[tuple[torch.fx.Node, torch.fx.Node]] = []
        """Each write: the node that writes, and the tensor."""
        for node in graph.nodes:
            if node.op == "call_function" and isinstance(node.target, OpOverload):
                self._note(node, node in custom)
            elif node.op == "call_function":  # a part of a list, or an operator with bodies
                self._join(node, node.all_input_nodes)

    def _note(self, node: torch.fx.Node, custom: bool) -> None:
        schema: Any = node.target._schema
        if custom or any(result.alias_info is not None for result in schema.returns):
            self._join(node, node.all_input_nodes)
        self._writes += [(node, written) for written in _written(node, schema)]

    def _join(self, node: torch.fx.Node, others: list[torch.fx.Node]) -> None:
        for other in others:
            self._parent[self._root(other)] = self._root(node)

    def _root(self, node: torch.fx.Node) -> torch.fx.Node:
        while (parent := self._parent.get(node)) is not None and parent is not node:
            node = parent
        return node

    def is_written(self, node: torch.fx.Node) -> bool:
        """Whether something after a call writes to memory that its results or arguments may share."""
        family = self._root(node)
        return any(writer > node and self._root(tensor) is family for writer, tensor in self._writes)


def _written(node: torch.fx.Node, schema: Any) -> Iterator[torch.fx.Node]:
    for position, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = node.args[position] if position < len(node.args) else node.kwargs.get(argument.name)
            yield from (n for n in (given if isinstance(given, (list, tuple)) else [given]) if n is not None)
