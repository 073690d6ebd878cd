"""Computes the slice of the tape that a demand needs, and nothing else.

A demand walks back from the requested value over the records that produce what is missing, then runs them oldest first.
Each record runs below autograd and outside every mode, on a copy of any storage it writes to, under the random state it
would have in eager mode. Values that can no longer be requested are dropped as the slice proceeds.
"""

from __future__ import annotations

import sys
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from torchdraft._tape.errors import NoRealValue, OpRaised
from torchdraft._tape.op_schema import signature_of
from torchdraft._tape.tape import Box, Operand, Record, Tape, Version
from torchdraft._torch.dispatch import real_compute
from torchdraft._torch.symbolic.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import flat_outputs
from torchdraft._torch.tensors.storage import copy_with_storage

from . import transient
from .argument_contents import ArgumentContents
from .copy_on_write import CopyOnWrite
from .kernel_returns import call_seen
from .reading import Reader, Roots
from .rng_replay import RngReplay
from .slices import Slices, hold, versions_read
from .symbol_values import SymbolValues
from .transient import TransientValues

DEFAULT_BUDGET = 2 << 30
"""Bytes of computed values that are kept for reuse. Above it the oldest are dropped, and recomputed when requested."""


class OpRun(NamedTuple):
    """The real run of one operator: its arguments, its outputs, and the copies it could write to."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any
    roots: Roots
    written: tuple[int, ...] = ()
    """The tensor arguments whose content changed although the schema does not say so, where that was watched."""
    returned: Any = None
    """The class of what a kernel written in Python returned, where that was watched."""


class RealValues:  # longer than other classes: all demands share the state of one evaluation
    """Answers demands for real values. `ops_evaluated`, `bytes_held` and `bytes_peak` measure the cost."""

    def __init__(self, tape: Tape, budget: int = DEFAULT_BUDGET, surrogate_seed: int = 0) -> None:
        self.tape = tape
        self.budget = budget
        self.symbols = SymbolValues()
        self.randomness = RngReplay()
        self.copy_on_write = CopyOnWrite()
        self.ops_evaluated = 0
        self.bytes_held = 0
        self.bytes_peak = 0
        self.surrogates: dict[int, torch.Tensor] = {}
        """The tensors used for weights without data, by the id of the weight."""
        self.surrogate_seed = surrogate_seed
        self.on_surrogate: Callable[[torch.Tensor], None] = lambda _weight: None
        """Called with each weight when its surrogate is made."""
        self._reader = Reader(self.symbols, self.randomness, self._surrogate)
        self._slices = Slices(self.symbols, self._note_needed)
        self._transient = TransientValues()
        self._held: dict[weakref.ref[Box], int] = {}
        """Bytes of each available value, the oldest first."""

    # -- demands -------------------------------------------------------------------------------------------------

    def tensor(self, fake: torch.Tensor) -> torch.Tensor:
        """The real tensor behind `fake` at this point of the trace. The caller must not write to it.

        Raises `NoRealValue` if the tape has no record of where `fake` came from, or if an op that it needs fails.
        """
        handle = self.tape.handle(fake)
        if handle is None:
            raise NoRealValue("a tensor made outside the trace")  # not its repr, which would run operations
        return self.operand(Operand(handle))

    def tensors(self, fakes: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The real tensors behind several fake ones, with the same aliasing. The caller must not write to them."""
        budget, self.budget = self.budget, sys.maxsize  # a value dropped in between would return in another storage
        try:
            return [self.tensor(fake) for fake in fakes]
        finally:
            self.budget = budget
            self._evict()

    def operand(self, operand: Operand) -> torch.Tensor:
        """The real tensor that an operand refers to: its value when the operand was made."""
        hold(operand)
        for record in self._slices.missing_for(operand):
            self._run_slice(record)
        with real_compute():
            value = self._reader.read(operand.handle, operand.version)
        self._evict()
        return value

    def symbol(self, symbol: Any) -> int | float | bool | None:
        """The real value of an unbacked symbol, or None if its origin is unknown."""
        if symbol not in self.symbols.values:
            origin = self.symbols.origins.get(symbol)
            if origin is None:
                return None
            self._run_slice(origin)
            self._evict()
        return self.symbols.values.get(symbol)

    def scalar(self, value: Any) -> Any:
        """The number that a symbolic scalar is on the example. Other values are returned unchanged."""
        if not isinstance(value, SYMBOLIC):
            return value
        for symbol in self.symbols.missing(value):
            if self.symbol(symbol) is None:
                raise NoRealValue(f"no value is known for {symbol} in {value}")
        return self.symbols.concrete(value)

    def run_now(self, record: Record, *, watched: bool = False) -> OpRun:
        """Runs an op that is not closed yet, after everything it needs. `watched`: looks for undeclared writes."""
        for step in self._slices.before(record):
            self._run(step)
        return self._run_open(record, watched)

    def run_transient(self, record: Record, *, watched: bool = False) -> OpRun:
        """`run_now` for an op whose outputs are read once. Large values that only such runs need are dropped after
        their last use in the slice. The op's own outputs are dropped by the next transient run that reads them.
        """
        if self._transient.missed:
            return self.run_now(record, watched=watched)
        with self._transient.run():
            slice_ = self._slices.before(record)
            uses = Counter(version for step in (*slice_, record) for version in versions_read(step))
            for step in slice_:
                self._run(step)
                self._drop_used(step, uses)
            ran = self._run_open(record, watched)
            self._drop_used(record, uses)
        return ran

    def deposit(self, record: Record) -> None:
        """Stores the outputs of an op that ran before it was closed. Does nothing for other ops."""
        if record.early_run is not None:
            (out, roots, was_transient), record.early_run = record.early_run, None
            with self._transient.run(was_transient):
                self._store(record, out, roots)
            record.release_operands()

    # -- running records -----------------------------------------------------------------------------------------

    def _run_slice(self, wanted: Record) -> None:
        """Runs `wanted` after everything it needs, unless its values are available."""
        if not self._slices.has_run(wanted):
            for step in self._slices.before(wanted):
                self._run(step)
            self._run(wanted)

    def _run(self, record: Record) -> None:
        ran = self._call(record)
        self._store(record, ran.out, ran.roots)
        record.release_operands()

    def _run_open(self, record: Record, watched: bool = False) -> OpRun:
        if record.draw is None and signature_of(record.func).random:
            record.draw = len(self.tape.draws)  # the position that it gets when it is closed
        ran = self._call(record, watched)
        record.early_run = (ran.out, ran.roots, self._transient.active)
        return ran

    def _call(self, record: Record, watched: bool = False) -> OpRun:
        if record.unknown is not None:
            raise NoRealValue(record.unknown.description)
        with real_compute(), self.randomness.as_of(record.draw, self.tape.draws, self.symbols):
            self._reader.objects = {}
            for call in record.earlier_calls:
                self._repeat(call)
            roots = self._writable_roots(record)
            args = tuple([self._reader.concrete(a, roots) for a in record.args])
            kwargs = {name: self._reader.concrete(v, roots) for name, v in record.kwargs.items()}
            contents = ArgumentContents(record, args, kwargs) if watched else None
            run = call_seen if watched else _call
            copies = [*roots.values(), *(contents.shared if contents is not None else ())]
            try:
                out, kind = self.copy_on_write.run(lambda: run(record.func, args, kwargs), copies)
                written = contents.changed() if contents is not None else ()
            except Exception as error:
                raise OpRaised(record, error) from error
            finally:
                if contents is not None:
                    contents.release()  # a traceback may keep this frame
        self.ops_evaluated += 1
        return OpRun(args, kwargs, out, roots, written, kind)

    def _repeat(self, call: Record) -> None:
        """Runs a call again for what it does to the TorchBind objects that it takes."""
        if call.unknown is not None:
            raise NoRealValue(call.unknown.description)
        args = [self._reader.concrete(a, {}) for a in call.args]
        kwargs = {name: self._reader.concrete(v, {}) for name, v in call.kwargs.items()}
        try:
            call.func(*args, **kwargs)
        except Exception as error:
            raise NoRealValue(f"{call.func} failed on real values: {error}") from error

    def _writable_roots(self, record: Record) -> Roots:
        """A copy of the storage behind each operand that the record writes to. A custom operator also gets a copy of
        each of the user's tensors, because its schema may omit a write.
        """
        roots = {operand.version: copy_with_storage(self._reader.root(operand.version)) for operand in record.writes}
        if not signature_of(record.func).builtin:
            for operand in record.operands:
                if operand.version not in roots and operand.version.origin is None:
                    roots[operand.version] = self.copy_on_write.copy(self._reader.root(operand.version))
        return roots

    def _surrogate(self, weight: torch.Tensor) -> torch.Tensor:
        """Seeded numbers for a weight that has no data, the same in every read."""
        made = self.surrogates.get(id(weight))
        if made is None:
            made = self.randomness.surrogate(weight, self.surrogate_seed + len(self.surrogates))
            self.surrogates[id(weight)] = made
            self.on_surrogate(weight)
        return made

    # -- values in memory ----------------------------------------------------------------------------------------

    def _store(self, record: Record, out: Any, roots: Roots) -> None:
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
        self._note_needed(version)
        self._transient.note_stored(version)
        box = version.box()
        box.tensor = real
        ref = weakref.ref(box, self._released)
        self._released(ref)  # the bytes of an earlier value of this version, which is computed again
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

    def _drop_used(self, record: Record, uses: Counter[Version]) -> None:
        """Drops the large transient values that no later record of the slice reads."""
        for version in versions_read(record):
            uses[version] -= 1
            box = version.box()
            ref = weakref.ref(box)
            if not uses[version] and self._transient.may_drop(version) and self._held.get(ref, 0) >= transient.LARGE:
                self._drop(ref)
                self._transient.note_dropped(version)

    def _note_needed(self, version: Version) -> None:
        """Called for every missing value that a slice has to compute."""
        for lost in self._transient.note_needed(version):
            # What computes a dropped value may be computed for another one first. `before` holds it, so it runs once.
            if lost.value() is None and lost.origin is not None:
                self._slices.before(lost.origin)

    def _evict(self) -> None:
        """Drops the oldest values while more bytes than the budget are held."""
        while self._held and self.bytes_held > self.budget:
            self._drop(next(iter(self._held)))


def _call(func: Any, args: Any, kwargs: Any) -> tuple[Any, None]:
    return func(*args, **kwargs), None


def _bytes(tensor: torch.Tensor) -> int:
    try:
        return tensor.untyped_storage().nbytes()
    except (RuntimeError, NotImplementedError):
        return tensor.numel() * tensor.element_size()
