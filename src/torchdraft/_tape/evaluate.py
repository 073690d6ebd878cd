"""Computes the slice of the tape that a demand needs, and nothing else.

A demand walks back from the value asked for over the records that produce what is missing, then runs them oldest first.
Each record runs below autograd and outside every mode, on a copy of any storage it writes to, under the random state it
would have had in eager. Values nobody can still ask for are dropped as the slice goes on.
"""

from __future__ import annotations

import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch

from torchdraft._torch.dispatch import real_compute
from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import flat_outputs
from torchdraft._torch.tensors.storage import copy_with_storage, window

from .copy_on_write import CopyOnWrite
from .errors import NoRealValue, OpRaised
from .op_schema import signature_of
from .rng_replay import RngReplay
from .symbol_values import SymbolValues
from .tape import Box, Handle, Operand, Record, Root, Tape, Unknown, Version, View, Window

DEFAULT_BUDGET = 2 << 30
"""Bytes of computed real values kept for reuse; above it the oldest are dropped and computed again when asked for."""

LARGE = 1 << 20
"""Bytes from which a value computed in passing is not kept."""


class Ran(NamedTuple):
    """One op's real run: what it was given, what came out, and the storages it wrote to."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any
    roots: dict[Version, torch.Tensor]


class RealValues:
    """Answers demands for real values. `ops_evaluated`, `bytes_held` and `bytes_peak` say what that cost."""

    def __init__(self, tape: Tape, budget: int = DEFAULT_BUDGET, surrogate_seed: int = 0) -> None:
        self.tape = tape
        self.budget = budget
        self.symbols = SymbolValues()
        self.randomness = RngReplay()
        self.borrowed = CopyOnWrite()
        self.ops_evaluated = 0
        self.bytes_held = 0
        self.bytes_peak = 0
        self.surrogates: dict[int, torch.Tensor] = {}
        self.surrogate_seed = surrogate_seed
        self.on_surrogate: Callable[[torch.Tensor], None] = lambda _weight: None
        self._held: dict[weakref.ref[Box], int] = {}
        """Bytes of each value at hand, the oldest first."""
        self._in_passing = False
        self._passing: weakref.WeakSet[Box] = weakref.WeakSet()
        self._dropped: weakref.WeakSet[Box] = weakref.WeakSet()
        self._missed_one = False

    # -- demands -------------------------------------------------------------------------------------------------

    def tensor(self, fake: torch.Tensor) -> torch.Tensor:
        """The real tensor behind `fake` at this point of the trace. Not to be written to.

        Raises `NoRealValue` where the tape does not know where `fake` came from or an op it needs fails.
        """
        handle = self.tape.handle(fake)
        if handle is None:
            raise NoRealValue("a tensor made outside the trace")  # not its repr: that runs operations
        return self.operand(Operand(handle))

    def tensors(self, fakes: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The real tensors behind several fake ones, sharing storages as those do. Not to be written to."""
        budget, self.budget = self.budget, sys.maxsize  # a value dropped in between would come back in another storage
        try:
            return [self.tensor(fake) for fake in fakes]
        finally:
            self.budget = budget
            self._evict()

    def operand(self, operand: Operand) -> torch.Tensor:
        """The real tensor an operand stood for when it was taken."""
        self._prepare(operand)
        with real_compute():
            value = self._read(operand.handle, operand.version)
        self._evict()
        return value

    def symbol(self, symbol: Any) -> int | float | bool | None:
        """The real value of an unbacked symbol, or None if nobody knows where it was born."""
        if symbol not in self.symbols.values:
            origin = self.symbols.origins.get(symbol)
            if origin is None:
                return None
            self._run_slice(origin)
            self._evict()
        return self.symbols.values.get(symbol)

    def scalar(self, value: Any) -> Any:
        """A symbolic scalar as the number it is on the example; other values come back as they are."""
        if not isinstance(value, SYMBOLIC):
            return value
        for symbol in self.symbols.missing(value):
            if self.symbol(symbol) is None:
                raise NoRealValue(f"no value is known for {symbol} in {value}")
        return self.symbols.concrete(value)

    def run_now(self, record: Record) -> Ran:
        """Runs an op that is not closed yet, after everything it needs."""
        _hold_operands(record)
        for missing in self._missing_symbols(record):
            self._run_slice(missing)
        for operand in record.operands:
            self._prepare(operand)
        if record.draw is None and signature_of(record.func).random:
            record.draw = len(self.tape.draws)  # the place it gets when it is closed
        ran = self._call(record)
        record.paid = (ran.out, ran.roots, self._in_passing)
        return ran

    def run_transient(self, record: Record) -> Ran:
        """`run_now` for an op whose outputs are looked at once: large values that only such runs asked for go after
        their last use in the slice, its own outputs after the next such slice that reads them. Once a value was missed,
        all are kept: nothing is computed more than twice for this.
        """
        if self._missed_one:
            return self.run_now(record)
        self._in_passing = True
        try:
            slice_ = self._slice(record)
            uses = Counter(version for step in (*slice_, record) for version in _versions_read(step))
            for step in slice_:
                self._run(step)
                self._drop_used(step, uses)
            ran = self.run_now(record)
            self._drop_used(record, uses)
        finally:
            self._in_passing = False
        return ran

    def deposit(self, record: Record) -> None:
        """Keeps the outputs of an op that `run_now` ran, once the tape knows what they are."""
        if record.paid is not None:
            (out, roots, self._in_passing), record.paid = record.paid, None
            self._store(record, out, roots)
            self._in_passing = False
            for operand in record.operands:
                operand.box = None

    # -- slices --------------------------------------------------------------------------------------------------

    def _prepare(self, operand: Operand) -> None:
        for record in self._missing_for(operand):
            self._run_slice(record)

    def _missing_for(self, operand: Operand) -> list[Record]:
        """Records to run before `operand` can be read."""
        missing = []
        if operand.version.value() is None and operand.version.origin is not None:
            missing.append(operand.version.origin)
        handle = operand.handle
        while isinstance(handle, View):
            missing.extend(self._missing_symbols(handle.record))
            for other in handle.record.operands[1:]:
                if other.handle is not handle.parent:
                    missing.extend(self._missing_for(other))
            handle = handle.parent
        return missing

    def _missing_symbols(self, record: Record) -> list[Record]:
        found = []
        for symbol in self.symbols.missing((record.args, record.kwargs)):
            origin = self.symbols.origins.get(symbol)
            if origin is None:
                raise NoRealValue(f"no value is known for {symbol}, an argument of {record.func}")
            found.append(origin)
        return found

    def _run_slice(self, wanted: Record) -> None:
        """Runs `wanted` after everything it needs. An explicit stack: slices are as deep as the model is long."""
        stack = [(wanted, 0)]
        waiting: set[int] = set()
        finished: dict[int, int] = {}
        ticks = 0
        while stack:
            record, asked = stack[-1]
            if finished.get(id(record), -1) >= asked or self._ran(record):  # somebody further up needed it too
                stack.pop()
                waiting.discard(id(record))
                continue
            _hold_operands(record)
            missing = self._missing_symbols(record)
            for operand in record.operands:
                missing.extend(self._missing_for(operand))
            if not missing:
                stack.pop()
                waiting.discard(id(record))
                self._run(record)
                finished[id(record)] = ticks
                ticks += 1
            elif id(record) in waiting and any(id(m) in waiting for m in missing):
                raise NoRealValue(f"{record.func} needs its own result")
            else:
                waiting.add(id(record))
                stack.extend((m, ticks) for m in missing)

    def _slice(self, wanted: Record) -> list[Record]:
        """What has to run before `wanted` can, oldest first."""
        found: list[Record] = []
        seen: set[int] = set()
        stack = [(wanted, False)]
        while stack:
            record, visited = stack.pop()
            if visited:
                found.append(record)
            elif id(record) not in seen and (record is wanted or not self._ran(record)):
                seen.add(id(record))
                _hold_operands(record)
                stack.append((record, True))
                stack.extend((missing, False) for missing in self._missing_symbols(record))
                stack.extend((missing, False) for operand in record.operands for missing in self._missing_for(operand))
        return found[:-1]

    def _drop_used(self, record: Record, uses: Counter[Version]) -> None:
        """Lets go of large values that `record` was the last of the slice to read."""
        for version in _versions_read(record):
            uses[version] -= 1
            box = version.box()
            ref = weakref.ref(box)
            keep = self._missed_one or uses[version] or box not in self._passing
            if not keep and self._held.get(ref, 0) >= LARGE:
                self._drop(ref)
                self._dropped.add(box)

    def _ran(self, record: Record) -> bool:
        """Whether everything `record` makes that somebody can still read is at hand."""
        versions = [v for ref in (*record.products, *record.written) if ref is not None and (v := ref()) is not None]
        if record.fake_outputs is not None and self.symbols.unknown_in(record.fake_outputs):
            return False
        return bool(versions) and all(v.value() is not None for v in versions)

    # -- one record ----------------------------------------------------------------------------------------------

    def _run(self, record: Record) -> None:
        ran = self._call(record)
        self._store(record, ran.out, ran.roots)
        for operand in record.operands:
            operand.box = None  # what this record needed is free to go now

    def _call(self, record: Record) -> Ran:
        if record.unknown is not None:
            raise NoRealValue(record.unknown.description)
        with real_compute(), self.randomness.as_of(record.draw, self.tape.draws, self.symbols):
            roots = self._writable_roots(record)
            args = tuple([self._concrete(a, roots) for a in record.args])
            kwargs = {name: self._concrete(v, roots) for name, v in record.kwargs.items()}
            try:
                out = self.borrowed.run(lambda: record.func(*args, **kwargs), list(roots.values()))
            except Exception as error:
                raise OpRaised(record, error) from error
        self.ops_evaluated += 1
        return Ran(args, kwargs, out, roots)

    def _writable_roots(self, record: Record) -> dict[Version, torch.Tensor]:
        """A private copy of the storage behind each operand the record writes to, and of each tensor of the user's that
        an operator not of torch's own gets: its schema may leave a write out.
        """
        roots = {operand.version: copy_with_storage(self._root(operand.version)) for operand in record.writes}
        if not signature_of(record.func).builtin:
            for operand in record.operands:
                if operand.version not in roots and operand.version.origin is None:
                    roots[operand.version] = self.borrowed.copy(self._root(operand.version))
        return roots

    def _store(self, record: Record, out: Any, roots: dict[Version, torch.Tensor]) -> None:
        leaves = flat_outputs(out)
        for ref, real in zip(record.products, leaves, strict=False):
            version = ref() if ref is not None else None
            if version is not None and isinstance(real, torch.Tensor):
                self._hold(version, real)
        for ref, operand in zip(record.written, record.writes, strict=True):
            version = ref()
            if version is not None:
                self._hold(version, roots[operand.version])
        if record.fake_outputs is not None:
            self.symbols.learn(record.fake_outputs, leaves)

    def _hold(self, version: Version, real: torch.Tensor) -> None:
        box = version.box()
        self._missed_one |= box in self._dropped
        if self._in_passing:
            self._passing.add(box)
        else:
            self._passing.discard(box)
        box.tensor = real
        ref = weakref.ref(box, self._released)
        self._released(ref)  # its value of before, which was dropped and is computed again
        self._held[ref] = size = _bytes(real)
        self.bytes_held += size
        self.bytes_peak = max(self.bytes_peak, self.bytes_held)

    def _released(self, ref: weakref.ref[Box]) -> None:
        self.bytes_held -= self._held.pop(ref, 0)

    def _drop(self, ref: weakref.ref[Box]) -> None:
        box = ref()
        if box is not None:
            box.tensor = None
        self._released(ref)

    def _evict(self) -> None:
        """Drops the oldest values while more than the budget is held."""
        while self._held and self.bytes_held > self.budget:
            self._drop(next(iter(self._held)))

    # -- reading -------------------------------------------------------------------------------------------------

    def _root(self, version: Version) -> torch.Tensor:
        real = version.value()
        if real is None:
            raise NoRealValue("a value was dropped while its slice ran")
        if isinstance(real, FakeTensor) or real.device.type == "meta":
            return self._stand_in(real)
        return real

    def _read(self, handle: Handle, version: Version, roots: dict[Version, torch.Tensor] | None = None) -> torch.Tensor:
        root = roots.get(version) if roots else None
        if isinstance(handle, View):
            return self._view(handle, self._read(handle.parent, version, roots))
        if root is None and isinstance(handle, Window) and version.origin is None:
            return handle.tensor.detach()
        if root is None:
            root = self._root(version)
        if isinstance(handle, Root) or root.layout is not torch.strided:  # a sparse tensor has no storage to look at
            return root.detach() if root.requires_grad else root
        return window(root.untyped_storage(), handle.tensor)

    def _view(self, handle: View, parent: torch.Tensor) -> torch.Tensor:
        record = handle.record
        first = True
        args = []
        for argument in record.args:
            if isinstance(argument, Operand) and first and argument.handle is handle.parent:
                args.append(parent)
                first = False
            else:
                args.append(self._concrete(argument, {}))
        kwargs = {name: self._concrete(v, {}) for name, v in record.kwargs.items()}
        if signature_of(record.func).changes_metadata:  # on an alias, so that the parent keeps its shape
            args[0] = args[0].detach()
        try:
            return flat_outputs(record.func(*args, **kwargs))[handle.index]
        except Exception as error:
            raise NoRealValue(f"{record.func} failed on real values: {error}") from error

    def _concrete(self, value: Any, roots: dict[Version, torch.Tensor]) -> Any:
        if isinstance(value, Operand):
            return self._read(value.handle, value.version, roots)
        if isinstance(value, SYMBOLIC):
            return self.symbols.concrete(value)
        if isinstance(value, (list, tuple)):
            made = [self._concrete(v, roots) for v in value]
            return made if isinstance(value, list) else tuple(made)
        if isinstance(value, dict):
            return {k: self._concrete(v, roots) for k, v in value.items()}
        if isinstance(value, Unknown):
            raise NoRealValue(value.description)
        if isinstance(value, torch.Generator):
            return self.randomness.stand_in_for(value)
        return value

    def _stand_in(self, weight: torch.Tensor) -> torch.Tensor:
        """Seeded numbers in place of a weight that has no data."""
        made = self.surrogates.get(id(weight))
        if made is None:
            made = self.randomness.stand_in(weight, self.surrogate_seed + len(self.surrogates))
            self.surrogates[id(weight)] = made
            self.on_surrogate(weight)
        return made


def _hold_operands(record: Record) -> None:
    """Keeps what `record` reads until it has run; its own hold is gone if it ran before."""
    for operand in record.operands:
        if operand.box is None:
            operand.box = operand.version.box()


def _versions_read(record: Record) -> Iterator[Version]:
    """The content that a run of `record` reads."""
    for operand in record.operands:
        yield operand.version
        handle = operand.handle
        while isinstance(handle, View):
            for other in handle.record.operands[1:]:
                if other.handle is not handle.parent:
                    yield other.version
            handle = handle.parent


def _bytes(tensor: torch.Tensor) -> int:
    try:
        return tensor.untyped_storage().nbytes()
    except (RuntimeError, NotImplementedError):
        return tensor.numel() * tensor.element_size()
