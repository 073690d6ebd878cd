"""What a `torch.cond` of two sides returns, and what the graph around it makes of that."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from torchdraft._torch.graph.values import differing_sizes, is_fresh, is_number, memory_of, value_of

from ..traced.path import Path
from .alignment import Alignment, Junction, Pair
from .body import Body, Place, from_tensor, to_tensor

_ATEN = torch.ops.aten


class Output(Protocol):
    """One thing that the sides hand to the graph around them, as one or more tensors."""

    def give(self, side: Body) -> list[torch.fx.Node]:
        """Writes the tensors that a side returns for it."""
        ...

    def take(self, body: Body, tensors: Iterator[torch.fx.Node]) -> None:
        """Takes as many tensors and writes what follows of them in the graph around."""
        ...


@dataclass(frozen=True, slots=True)
class Number(Output):
    """A number that each side has its own of."""

    alignment: Alignment
    pair: Pair

    def give(self, side: Body) -> list[torch.fx.Node]:
        """A tensor without dimensions."""
        node = self.pair[side.side]
        return [to_tensor(side, side.get(Place(_path_of(side), node)), value_of(node))]

    def take(self, body: Body, tensors: Iterator[torch.fx.Node]) -> None:
        """Reads the number."""
        one, _ = self.pair
        body.set(Place(self.alignment.one, one), from_tensor(body, next(tensors), value_of(one)))


@dataclass(frozen=True, slots=True)
class Tensor(Output):
    """A tensor that each side has its own of."""

    alignment: Alignment
    pair: Pair

    def give(self, side: Body) -> list[torch.fx.Node]:
        """The tensor, copied where it shares memory or is laid out otherwise than the other side's."""
        node = self.pair[side.side]
        value = side.get(Place(_path_of(side), node))
        fresh = all(is_fresh(value_of(each)) for each in self.pair)
        if value.op == "placeholder" or not fresh or _is_shared(_path_of(side), node):
            value = side.call(_ATEN.clone.default, (value,), like=node)
            value.kwargs = {"memory_format": torch.contiguous_format}
        return [value]

    def take(self, body: Body, tensors: Iterator[torch.fx.Node]) -> None:
        """The tensor itself."""
        body.set(Place(self.alignment.one, self.pair[0]), next(tensors))


@dataclass(frozen=True, slots=True)
class ResizedTensor(Output):
    """A tensor whose rows have another size on each side.

    It comes as a tensor of one dimension, with its sizes: torch can join no others (`_merge_output` raises KeyError).
    """

    alignment: Alignment
    pair: Pair
    sizes: Sequence[int | None]
    """Each size; None where the sides differ or data decides it."""

    def give(self, side: Body) -> list[torch.fx.Node]:
        """All elements, and the sizes that are not fixed."""
        node = self.pair[side.side]
        value = side.get(Place(_path_of(side), node))
        flat = side.call(_ATEN.reshape.default, (value, [-1]), like=node)
        flat = side.call(_ATEN.clone.default, (flat,), like=node)
        sizes = [side.call(_ATEN.sym_size.int, (value, dim)) for dim, size in enumerate(self.sizes) if size is None]
        return [flat, *(to_tensor(side, size, 1) for size in sizes)]

    def take(self, body: Body, tensors: Iterator[torch.fx.Node]) -> None:
        """A view of the elements."""
        flat, one = next(tensors), self.pair[0]
        sizes = [from_tensor(body, next(tensors), 1) if size is None else size for size in self.sizes]
        body.set(Place(self.alignment.one, one), body.call(_ATEN.view.default, (flat, sizes), like=one))


@dataclass(frozen=True, slots=True)
class WrittenMemory(Output):
    """Memory of the graph around that a side writes to."""

    alignment: Alignment
    root: Place

    def give(self, side: Body) -> list[torch.fx.Node]:
        """Its content after the side."""
        for own, copy in side.copies.items():
            if side.outer_place(own) == self.root:
                return [copy]
        node = self.root.node if side.side == 0 else self.alignment.same[self.root.node]
        return [side.call(_ATEN.clone.default, (side.get(Place(_path_of(side), node)),))]

    def take(self, body: Body, tensors: Iterator[torch.fx.Node]) -> None:
        """Writes it back."""
        body.write_back(self.root, next(tensors))


@dataclass(frozen=True, slots=True)
class Assertions(Output):
    """That a side ran to its end: torch removes a `torch.cond` of which nothing is used, with its assertions."""

    def give(self, side: Body) -> list[torch.fx.Node]:
        """The number 1."""
        return [to_tensor(side, 1, 1)]

    def take(self, body: Body, tensors: Iterator[torch.fx.Node]) -> None:
        """Asserts that it is 1."""
        ran = body.call(operator.eq, (from_tensor(body, next(tensors), 1), 1))
        message = "Runtime assertion failed for expression of a side of a branch"
        body.call(_ATEN._assert_scalar.default, (ran, message))


def outputs_of(alignment: Alignment, junction: Junction, sides: tuple[Body, Body]) -> list[Output]:
    """What two sides return. Memory is written back first: other outputs can take the place of the node that it has."""
    outputs: list[Output] = [WrittenMemory(alignment, root) for root in _written(sides)]
    outputs += [_joined(alignment, pair) for pair in junction.joined]
    if any(side.asserts() for side in sides):
        outputs.append(Assertions())
    return outputs


def _joined(alignment: Alignment, pair: Pair) -> Output:
    if is_number(pair[0]):
        return Number(alignment, pair)
    sizes = differing_sizes(*pair)
    return Tensor(alignment, pair) if sizes is None else ResizedTensor(alignment, pair, sizes)


def _path_of(side: Body) -> Path:
    assert side.path is not None
    return side.path


def _written(sides: tuple[Body, Body]) -> list[Place]:
    """The memory outside that a side writes to, in the coordinates of the graph around.

    What a side writes to a constant that the other one does not have is not read again.
    """
    roots = [(side.outer_place(root), side) for side in sides for root in side.copies]
    return list(dict.fromkeys(root for root, side in roots if side.side == 0 or root.path is not side.path))


def _is_shared(path: Path, node: torch.fx.Node) -> bool:
    """Whether other nodes of a path have the memory of a node."""
    return len(path.of_memory.get(memory_of(node), ())) > 1
