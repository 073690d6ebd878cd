"""The tape: every op the trace asked for, written down and not computed.

The tape is in single-assignment form although programs write in place. A *cell* stands for a storage; each write to it
makes a new *version*. A *handle* says how a tensor looks at its cell (the root itself, or a view re-derived by its view
op). An op's record keeps, for every tensor argument, the handle and the version it read, so a demand made later still
sees the values of that moment.

Memory follows the fake tensors. A version's real tensor sits in a *box* that is held by the fake tensors that look at
its cell, while the version is current, and by records that have not run yet; when the last of them goes, the value
goes. The record itself stays reachable from the versions derived from it, so a lost value can be computed again.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import torch

from torchdraft._torch.fake import FakeTensor, WeakTensorTable, same_storage
from torchdraft._torch.tensors.nested import flat_outputs, storage_key, tensors_in

from .op_schema import OpSignature, signature_of


class Box:
    """Holds one real tensor. Shared by everybody who may still need it."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: torch.Tensor | None = None) -> None:
        self.tensor = tensor


class Version:
    """The content of a cell between two writes.

    `origin` is the record whose run produces it; None for a tensor the user handed in, whose box is held for good.
    """

    __slots__ = ("__weakref__", "_box", "kept", "origin")

    def __init__(self, origin: Record | None, tensor: torch.Tensor | None = None) -> None:
        self.origin = origin
        self.kept = Box(tensor) if tensor is not None else None
        self._box: weakref.ref[Box] | None = None if self.kept is None else weakref.ref(self.kept)

    def box(self) -> Box:
        """The box, made anew if nobody held it."""
        found = self._box() if self._box is not None else None
        if found is None:
            found = Box()
            self._box = weakref.ref(found)
        return found

    def value(self) -> torch.Tensor | None:
        """The root's real tensor at this version, if it is at hand."""
        found = self._box() if self._box is not None else None
        return None if found is None else found.tensor


class Life:
    """Held by the fake tensors that look at a cell, and by nobody else: when they go, the cell's value goes."""

    __slots__ = ("__weakref__", "box")

    def __init__(self, box: Box) -> None:
        self.box = box


class Cell:
    """One storage of the traced program. Records reach cells for as long as they may run again; a cell's value does not
    live that long, so it hangs on the cell's `Life`.
    """

    __slots__ = ("_life", "version")

    def __init__(self, version: Version) -> None:
        self.version = version
        self._life: weakref.ref[Life] | None = None

    def life(self) -> Life:
        """The cell's life, begun anew if no fake tensor held it."""
        found = self._life() if self._life is not None else None
        if found is None:
            found = Life(self.version.box())
            self._life = weakref.ref(found)
        return found

    def advance(self, version: Version) -> None:
        """Makes `version` the current content."""
        self.version = version
        found = self._life() if self._life is not None else None
        if found is not None:
            found.box = version.box()


class Root:
    """A tensor that is its cell's root: the real value is the version's tensor itself."""

    __slots__ = ("cell",)

    def __init__(self, cell: Cell) -> None:
        self.cell = cell


class Window:
    """A real tensor handed in by the user that shares its storage with an earlier one."""

    __slots__ = ("cell", "tensor")

    def __init__(self, cell: Cell, tensor: torch.Tensor) -> None:
        self.cell = cell
        self.tensor = tensor


class View:
    """A tensor derived from another handle by a view op, re-run on the parent's value whenever it is read."""

    __slots__ = ("cell", "index", "parent", "record")

    def __init__(self, parent: Handle, record: Record, index: int) -> None:
        self.cell: Cell = parent.cell
        self.parent = parent
        self.record = record
        self.index = index


Handle = Root | Window | View


class Operand:
    """What an argument was when the op was recorded: which tensor, and its content at that moment."""

    __slots__ = ("box", "handle", "version")

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self.version = handle.cell.version
        self.box: Box | None = self.version.box()


class Unknown:
    """A fake tensor the tape never saw being made. Demanding what depends on it raises `NoRealValue`."""

    __slots__ = ("description",)

    def __init__(self, description: str) -> None:
        self.description = description


@dataclass(slots=True, eq=False)
class Record:
    """One op as the program asked for it. Tensor arguments are `Operand`s; symbols are concretized when it runs."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    operands: list[Operand]
    writes: list[Operand]
    unknown: Unknown | None = None
    draw: int | None = None
    """Place in the order of random ops, where the op draws random numbers."""
    products: list[weakref.ref[Version] | None] = field(default_factory=list)
    """Per flattened output: the version whose root the output is. None for views, in-place results and scalars."""
    written: list[weakref.ref[Version]] = field(default_factory=list)
    """Per written operand: the version the write made."""
    paid: Any = None
    """Real outputs of an op that had to run before its outputs could be written down."""
    fake_outputs: Any = None
    """Sizes and symbols of the outputs, kept only where unbacked symbols were born here."""


class Tape:
    """Writes ops down as the trace asks for them."""

    def __init__(self) -> None:
        self._places: Any = WeakTensorTable()
        self.sources: dict[int, Cell] = {}
        self.user_tensors: list[torch.Tensor] = []
        self.draws: list[tuple[Any, Any]] = []
        self.ops_recorded = 0
        self._drew_inside = False

    # -- where tensors come in -----------------------------------------------------------------------------------

    def bind(self, fake: torch.Tensor, real: torch.Tensor) -> None:
        """`fake` stands for `real`, a tensor of the user's (an input, a parameter, a buffer, a constant)."""
        self.place(fake, self.source(real))

    def place(self, tensor: torch.Tensor, handle: Handle) -> None:
        """From here on `tensor` looks at a cell as `handle` says, and keeps its value alive."""
        self._places[tensor] = (handle, handle.cell.life())

    def source(self, real: torch.Tensor) -> Handle:
        """The handle of a user's tensor. Tensors that share a storage share a cell."""
        key = storage_key(real)
        cell = self.sources.get(key)
        self.user_tensors.append(real)  # keeps the storage alive, so that `key` stays its own
        if cell is None:
            cell = self.sources[key] = Cell(Version(None, real))
            return Root(cell)
        return Window(cell, real)

    def is_users(self, fake: torch.Tensor) -> bool:
        """Whether `fake` stands for a tensor of the user's, and is not just a look at one that the program took."""
        handle = self.handle(fake)
        if handle is None or isinstance(handle, View):
            return False
        return any(handle.cell is cell for cell in self.sources.values())

    def is_shared(self, fake: torch.Tensor) -> bool:
        """Whether another of the user's tensors looks at the memory of `fake`."""
        handle = self.handle(fake)
        key = next((k for k, cell in self.sources.items() if handle is not None and cell is handle.cell), None)
        return len({id(real) for real in self.user_tensors if storage_key(real) == key}) > 1

    def known(self, tensor: torch.Tensor) -> Handle | None:
        """How `tensor` looks at its cell, if the tape has met it."""
        found = self._places.get(tensor)
        return None if found is None else found[0]

    def handle(self, tensor: torch.Tensor) -> Handle | None:
        """How `tensor` looks at its cell; None for a fake tensor the tape never saw being made."""
        found = self.known(tensor)
        if found is not None or isinstance(tensor, FakeTensor):
            return found
        self.bind(tensor, tensor)
        return self._places[tensor][0]

    # -- ops -----------------------------------------------------------------------------------------------------

    def open(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Record:
        """Records an op before it runs, while its arguments are still what they are."""
        signature = signature_of(func)
        record = Record(func, (), {}, [], [])
        record.args = tuple([self._keep(a, record) for a in args])
        if kwargs:
            record.kwargs = {name: self._keep(value, record) for name, value in kwargs.items()}
        for place in signature.writes:
            value = record.kwargs.get(place) if isinstance(place, str) else None
            if isinstance(place, int) and place < len(record.args):
                value = record.args[place]
            record.writes.extend(_operands_in(value))
        return record

    def _keep(self, value: Any, record: Record) -> Any:
        if isinstance(value, torch.Tensor):
            handle = self.handle(value)
            if handle is None:
                record.unknown = unknown = Unknown(f"{record.func} takes a tensor made outside the trace")
                return unknown
            operand = Operand(handle)
            record.operands.append(operand)
            return operand
        if isinstance(value, (list, tuple)):
            kept = [self._keep(v, record) for v in value]
            return kept if isinstance(value, list) else tuple(kept)
        if isinstance(value, dict):
            return {k: self._keep(v, record) for k, v in value.items()}
        return value

    def close(self, record: Record, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, depth: int = 0) -> None:
        """Ties the op's outputs and writes to its record. `depth` is 0 for an op the program itself asked for."""
        self.ops_recorded += depth == 0
        signature = signature_of(record.func)
        for operand in record.writes:
            version = Version(record)
            operand.handle.cell.advance(version)
            record.written.append(weakref.ref(version))
        if signature.random or (depth == 0 and self._drew_inside):
            record.draw = len(self.draws)  # ops inside a random op share its place
            self._drew_inside = depth > 0
            if depth == 0:
                self.draws.append((record.func, _shapes_only(args, kwargs)))
        for index, tensor in enumerate(flat_outputs(out)):
            product = None
            if isinstance(tensor, torch.Tensor):
                product = self._bind_output(record, signature, args, kwargs, index, tensor)
            record.products.append(product)
        if (signature.is_view or signature.changes_metadata) and not (any(record.products) or record.written):
            for operand in record.operands:  # never runs: a view is made when it is read
                operand.box = None

    def _bind_output(
        self,
        record: Record,
        signature: OpSignature,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        index: int,
        tensor: torch.Tensor,
    ) -> weakref.ref[Version] | None:
        if signature.moves and tensor is args[0]:
            self.place(tensor, record.operands[1].handle)
            return None
        if signature.changes_metadata and args and tensor is args[0] and record.operands:
            self.place(tensor, View(record.operands[0].handle, record, 0))
            return None
        if record.writes and any(tensor is t for t in tensors_in((args, kwargs))):
            return None
        parent = self._viewed(record, signature, args, kwargs, tensor)
        if parent is not None:
            self.place(tensor, View(parent, record, index))
            return None
        version = Version(record)
        cell = Cell(version)
        self.place(tensor, Root(cell))
        return weakref.ref(version)

    def _viewed(
        self, record: Record, signature: OpSignature, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor
    ) -> Handle | None:
        """The handle `out` is a view of, if it is one."""
        if not signature.may_alias:
            return None
        for operand, tensor in zip(record.operands, tensors_in((args, kwargs)), strict=False):
            if not isinstance(tensor, FakeTensor):
                if signature.is_view:
                    return operand.handle
            elif same_storage(tensor, out):
                return operand.handle
        return None


def _operands_in(value: Any) -> list[Operand]:
    if isinstance(value, Operand):
        return [value]
    if isinstance(value, (list, tuple)):
        return [o for v in value for o in _operands_in(v)]
    return []


def _shapes_only(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The arguments with each tensor reduced to shape, dtype and device: what a random op's draw depends on."""

    def reduce(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return TensorShape(tuple(value.shape), value.dtype, value.device)
        if isinstance(value, (list, tuple)):
            return type(value)([reduce(v) for v in value]) if type(value) in (list, tuple) else value
        return value

    return tuple(reduce(a) for a in args), {k: reduce(v) for k, v in kwargs.items()}


@dataclass(frozen=True, slots=True)
class TensorShape:
    """A tensor's outside: enough to allocate one like it."""

    shape: tuple[Any, ...]
    dtype: torch.dtype
    device: torch.device
