"""The tape: every op of the trace, recorded without being computed.

The tape is in single-assignment form although programs write in place. A *cell* represents a storage; each write to it
makes a new *version*. A *handle* describes how a tensor is derived from its cell: it is the root itself, or a view that
is re-run when it is read. The record of an op keeps the handle and the version of every tensor argument, so a later
demand still reads the values of that moment.

Lifetimes follow the fake tensors. The real tensor of a version is in a *box*. The box is held by the fake tensors of
its cell, as long as the version is current, and by records that have not run yet; without a holder, the value is freed.
The record stays reachable from the versions derived from it, so a freed value can be computed again.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import torch

from torchdraft._torch.script_objects import FakeScriptObject
from torchdraft._torch.symbolic.fake import FakeTensor, WeakTensorTable, same_storage
from torchdraft._torch.tensors.nested import flat_outputs, storage_key, tensors_in

from .op_schema import OpSignature, signature_of


class Box:
    """Contains one real tensor. Shared by all holders that may still need it."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: torch.Tensor | None = None) -> None:
        self.tensor = tensor


class Version:
    """The content of a cell between two writes.

    `origin` is the record that computes it. It is None for a tensor of the user, whose box is held permanently.
    """

    __slots__ = ("__weakref__", "_box", "_held_box", "origin")

    def __init__(self, origin: Record | None, tensor: torch.Tensor | None = None) -> None:
        self.origin = origin
        self._held_box = Box(tensor) if tensor is not None else None
        self._box: weakref.ref[Box] | None = None if self._held_box is None else weakref.ref(self._held_box)

    def box(self) -> Box:
        """The box; a new one if the last one had no holder."""
        found = self._box() if self._box is not None else None
        if found is None:
            found = Box()
            self._box = weakref.ref(found)
        return found

    def value(self) -> torch.Tensor | None:
        """The real tensor of the root at this version, or None if it is not available."""
        found = self._box() if self._box is not None else None
        return None if found is None else found.tensor


class Life:
    """Held only by the fake tensors of a cell. It holds the box of the current version, so the value dies with them."""

    __slots__ = ("__weakref__", "box")

    def __init__(self, box: Box) -> None:
        self.box = box


class Cell:
    """One storage of the traced program. Records keep a cell alive as long as they may run again. Its value must not
    live that long, so `Life` holds it and the cell does not.
    """

    __slots__ = ("_life", "version")

    def __init__(self, version: Version) -> None:
        self.version = version
        self._life: weakref.ref[Life] | None = None

    def life(self) -> Life:
        """The life of the cell; a new one if no fake tensor holds the last one."""
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
    """The root of a cell: its real value is the tensor of the version."""

    __slots__ = ("cell",)

    def __init__(self, cell: Cell) -> None:
        self.cell = cell


class Window:
    """A real tensor of the user that shares its storage with an earlier one."""

    __slots__ = ("cell", "tensor")

    def __init__(self, cell: Cell, tensor: torch.Tensor) -> None:
        self.cell = cell
        self.tensor = tensor


class View:
    """A tensor derived from another handle by a view op, which is re-run on the value of the parent in every read."""

    __slots__ = ("cell", "index", "parent", "record")

    def __init__(self, parent: Handle, record: Record, index: int) -> None:
        self.cell: Cell = parent.cell
        self.parent = parent
        self.record = record
        self.index = index

    def other_operands(self) -> list[Operand]:
        """The operands of the view op besides the viewed tensor."""
        operands = self.record.operands
        if len(operands) < 2:
            return []
        viewed = next(i for i, operand in enumerate(operands) if operand.handle is self.parent)
        return operands[:viewed] + operands[viewed + 1 :]


Handle = Root | Window | View


class Operand:
    """A tensor argument: its handle, and its version when the op was recorded. `box` keeps the value if it is set."""

    __slots__ = ("box", "handle", "version")

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self.version = handle.cell.version
        self.box: Box | None = self.version.box()


class Unknown:
    """An argument that was made outside the trace. A demand that depends on it raises `NoRealValue`."""

    __slots__ = ("description",)

    def __init__(self, description: str) -> None:
        self.description = description


@dataclass(slots=True, eq=False)
class Record:
    """One call of an op. Tensor arguments are `Operand`s. Symbols become numbers when the record runs."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    operands: list[Operand]
    writes: list[Operand]
    unknown: Unknown | None = None
    objects: list[Any] = field(default_factory=list)
    """The fake TorchBind objects among the arguments."""
    earlier_calls: list[Record] = field(default_factory=list)
    """The earlier calls that took one of them, in order. Each may have changed its state, so they run before."""
    draw: int | None = None
    """Position among the random ops, if the op draws random numbers."""
    products: list[weakref.ref[Version] | None] = field(default_factory=list)
    """Per flattened output: the version whose root it is. None for views, in-place results and scalars."""
    written: list[weakref.ref[Version]] = field(default_factory=list)
    """Per written operand: the version that the write made."""
    early_run: Any = None
    """The real outputs of an op that ran before the tape knew its outputs, until they are stored."""
    fake_outputs: Any = None
    """Sizes and scalars of the outputs. Set only if the op is the origin of an unbacked symbol."""

    def release_operands(self) -> None:
        """Stops holding the values of the operands: the record has run."""
        for operand in self.operands:
            operand.box = None


class Tape:
    """Records the ops of a trace."""

    def __init__(self) -> None:
        self._places: Any = WeakTensorTable()
        self.sources: dict[int, Cell] = {}
        self.user_tensors: list[torch.Tensor] = []
        self.draws: list[tuple[Any, Any]] = []
        self.ops_recorded = 0
        self._drew_inside = False
        self._object_calls: list[Record] = []
        """The calls that took a TorchBind object."""

    # -- tensors -------------------------------------------------------------------------------------------------

    def bind(self, fake: torch.Tensor, real: torch.Tensor) -> None:
        """Makes `fake` represent `real`, a tensor of the user (an input, a parameter, a buffer, a constant)."""
        self.place(fake, self.source(real))

    def place(self, tensor: torch.Tensor, handle: Handle) -> None:
        """Gives `tensor` a handle. From now on it keeps the current value of the cell alive."""
        self._places[tensor] = (handle, handle.cell.life())

    def source(self, real: torch.Tensor) -> Handle:
        """The handle of a tensor of the user. Tensors that share a storage share a cell."""
        key = storage_key(real)
        cell = self.sources.get(key)
        self.user_tensors.append(real)  # keeps the storage alive, so that `key` stays unique
        if cell is None:
            cell = self.sources[key] = Cell(Version(None, real))
            return Root(cell)
        return Window(cell, real)

    def is_users(self, fake: torch.Tensor) -> bool:
        """True if `fake` represents a tensor of the user. False for a view that the program made of one."""
        handle = self.handle(fake)
        if handle is None or isinstance(handle, View):
            return False
        return any(handle.cell is cell for cell in self.sources.values())

    def is_shared(self, fake: torch.Tensor) -> bool:
        """True if another tensor of the user shares the storage of `fake`."""
        handle = self.handle(fake)
        key = next((k for k, cell in self.sources.items() if handle is not None and cell is handle.cell), None)
        return len({id(real) for real in self.user_tensors if storage_key(real) == key}) > 1

    def known(self, tensor: torch.Tensor) -> Handle | None:
        """The handle of `tensor`, or None if it has none."""
        found = self._places.get(tensor)
        return None if found is None else found[0]

    def handle(self, tensor: torch.Tensor) -> Handle | None:
        """The handle of `tensor`; None for a fake tensor made outside the trace. A real tensor gets a handle here."""
        found = self.known(tensor)
        if found is not None or isinstance(tensor, FakeTensor):
            return found
        self.bind(tensor, tensor)
        return self._places[tensor][0]

    # -- ops -----------------------------------------------------------------------------------------------------

    def open(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Record:
        """Records an op before it runs, because an in-place op changes its arguments."""
        signature = signature_of(func)
        record = Record(func, (), {}, [], [])
        record.args = tuple([self._recorded(a, record) for a in args])
        if kwargs:
            record.kwargs = {name: self._recorded(value, record) for name, value in kwargs.items()}
        for place in signature.writes:
            value = record.kwargs.get(place) if isinstance(place, str) else None
            if isinstance(place, int) and place < len(record.args):
                value = record.args[place]
            record.writes.extend(_operands_in(value))
        return record

    def _recorded(self, value: Any, record: Record) -> Any:
        if isinstance(value, torch.Tensor):
            handle = self.handle(value)
            if handle is None:
                record.unknown = unknown = Unknown(f"{record.func} takes a tensor made outside the trace")
                return unknown
            operand = Operand(handle)
            record.operands.append(operand)
            return operand
        if isinstance(value, (list, tuple)):
            items = [self._recorded(v, record) for v in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, dict):
            return {k: self._recorded(v, record) for k, v in value.items()}
        if isinstance(value, FakeScriptObject):
            record.objects.append(value)
        return value

    def follow_objects(self, record: Record) -> None:
        """Makes the calls that took one of the record's objects run before it, on the same copies of the objects."""
        taken, own = {id(each) for each in record.objects}, len(record.operands)
        for call in reversed(self._object_calls):  # an earlier call may have put one object into another
            if not taken.isdisjoint(id(each) for each in call.objects):
                taken.update(id(each) for each in call.objects)
                record.earlier_calls.insert(0, call)
        inherited = {id(operand): operand for call in record.earlier_calls for operand in call.operands}
        record.operands[own:] = inherited.values()
        self._object_calls.append(record)

    def close(self, record: Record, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, depth: int = 0) -> None:
        """Binds the outputs and writes of an op to its record. `depth` is 0 for an op that the program calls."""
        self.ops_recorded += depth == 0
        signature = signature_of(record.func)
        for operand in record.writes:
            version = Version(record)
            operand.handle.cell.advance(version)
            record.written.append(weakref.ref(version))
        if signature.random or (depth == 0 and self._drew_inside):
            record.draw = len(self.draws)  # ops inside a random op share its position
            self._drew_inside = depth > 0
            if depth == 0:
                self.draws.append((record.func, _shapes_only(args, kwargs)))
        for index, tensor in enumerate(flat_outputs(out)):
            product = None
            if isinstance(tensor, torch.Tensor):
                product = self._bind_output(record, signature, args, kwargs, index, tensor)
            record.products.append(product)
        if (signature.is_view or signature.changes_metadata) and not (any(record.products) or record.written):
            record.release_operands()  # the record never runs: its op runs whenever a view is read

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
        if record.objects and self._was_given(record, tensor):
            return None
        parent = self._viewed(record, signature, args, kwargs, tensor)
        if parent is not None:
            self.place(tensor, View(parent, record, index))
            return None
        version = Version(record)
        cell = Cell(version)
        self.place(tensor, Root(cell))
        return weakref.ref(version)

    def _was_given(self, record: Record, out: torch.Tensor) -> bool:
        """Whether an object returns a tensor that it got in this call or an earlier one; it keeps its handle."""
        handle = self.known(out)
        return handle is not None and any(operand.handle.cell is handle.cell for operand in record.operands)

    def _viewed(
        self, record: Record, signature: OpSignature, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor
    ) -> Handle | None:
        """The handle of the argument that `out` is a view of, or None."""
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
    """The arguments with each tensor reduced to shape, dtype and device. A random draw depends on nothing else."""

    def reduce(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return TensorShape(tuple(value.shape), value.dtype, value.device)
        if isinstance(value, (list, tuple)):
            return type(value)([reduce(v) for v in value]) if type(value) in (list, tuple) else value
        return value

    return tuple(reduce(a) for a in args), {k: reduce(v) for k, v in kwargs.items()}


@dataclass(frozen=True, slots=True)
class TensorShape:
    """Enough about a tensor to allocate one like it."""

    shape: tuple[Any, ...]
    dtype: torch.dtype
    device: torch.device
