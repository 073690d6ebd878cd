"""What everything in one trace shares: tape, real values, event log, symbol origins and the user's tensors."""

from __future__ import annotations

import logging
from typing import Any

import torch

from torchdraft._source.input_names import in_caller_terms
from torchdraft._tape.evaluation.evaluate import RealValues
from torchdraft._tape.provenance import cells_of, depends_on, record_depends_on, record_reads_copied
from torchdraft._tape.tape import Record, Tape
from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.graph.saved_tensors import SavedTensors
from torchdraft._torch.tensors.nested import storage_key
from torchdraft._torch.tensors.subclasses import with_inner
from torchdraft.model.events import SymbolOrigin

from .computed_text import ComputedText
from .event_log import EventLog
from .hooks import TraceHooks
from .symbol_origins import SymbolOrigins
from .symbol_scopes import SymbolScopes
from .user_tensors import UserTensors

log = logging.getLogger("torchdraft")

OPERATIONS_SEARCHED = 64
"""How many operations back a tensor is followed to see whether it is a constant of the model's code."""


class TraceContext:
    """The shared state of one trace. Features take it, and keep whatever else they need themselves."""

    def __init__(self, *, budget: int) -> None:
        self.tape = Tape()
        self.reals = RealValues(self.tape, budget)
        self.log = EventLog()
        self.origins = SymbolOrigins()
        self.scopes = SymbolScopes()
        self.user = UserTensors()
        self.hooks = TraceHooks()
        self.running_op: Any = None
        """The operation that the fake mode is recording, the innermost one."""
        self.shape_env: Any = None
        """The `DraftShapeEnv` of the trace, which imports this file."""
        self.fake_mode: Any = None
        """The `DraftMode` of the trace, which imports this file."""
        self._known_names: tuple[int, dict[int, str]] = (-1, {})
        """How many storages of the user the tape had, and the names of their cells."""
        self.metadata_read: dict[tuple[int, str], torch.Tensor] = {}
        """Identity of a tensor and what the user's code read about it → the tensor
        (`_draft/reads/catalogue/metadata.py`)."""
        self.saved_tensors: SavedTensors | None = None
        """The tensors that autograd saved, where the trace follows gradients."""
        self.reals.on_surrogate = self.user.note_surrogate
        self.origins.computed = self._computed

    def attach_shape_env(self, shape_env: Any) -> None:
        """Makes `shape_env` the environment of the trace."""
        self.shape_env = self.origins.shape_env = self.reals.symbols.env = shape_env

    def record_surrogate_outputs(self, op: Any, args: Any, out: Any) -> None:
        """Records an operator whose outputs were made without running it, as `op(*args)` on the tape."""
        self.tape.close(self.tape.open(op, args, {}), args, {}, out)

    def _computed(self, symbol: Any, origin: SymbolOrigin) -> str:
        """How a symbol was computed, as Python."""
        made = self._made(symbol)
        if made is None:
            return ""
        text = ComputedText(self._names(), self._made)
        try:
            return text.truth(made[0]) if origin.truth else text.number(*made)
        except Exception as error:  # a name is worth no program
            log.debug("no text for a symbol", exc_info=error)
            return ""

    def _made(self, symbol: Any) -> tuple[Record, str] | None:
        """The operation that made an unbacked symbol, and where in its result the symbol stands."""
        record = self.reals.symbols.origins.get(self.origins.created_as(symbol))
        origin = self.origins.made(symbol)
        if record is None or origin is None:
            return None
        return record, origin.part if ".shape" in origin.part else ""

    def remember_inputs(self) -> None:
        """Notes the names of the inputs, before the trace lets go of the fake tensors in their place."""
        for tracked in self.shape_env.tracked_fakes or ():
            handle = self.tape.known(tracked.fake) if isinstance(tracked.fake, torch.Tensor) else None
            if handle is not None:
                self.user.input_names.setdefault(id(handle.cell), in_caller_terms(tracked.source.name))

    def _names(self) -> dict[int, str]:
        """Identity of a tape cell → the input, parameter or buffer in it."""
        if self._known_names[0] == len(self.tape.sources):
            return self._known_names[1]
        self.remember_inputs()  # the trace may still run
        names = dict(self.user.input_names)
        for name, weight in self.user.named_weights():
            cell = self.tape.sources.get(storage_key(weight))
            if cell is not None:
                names.setdefault(id(cell), name)
        self._known_names = (len(self.tape.sources), names)
        return names

    def input_cells(self) -> set[int]:
        """Identities of the tape cells of the model's inputs."""
        fakes = [tracked.fake for tracked in self.shape_env.tracked_fakes or ()]
        tensors = [fake for fake in fakes if isinstance(fake, torch.Tensor)]
        with outside_modes():  # a read of a wrapper's inner tensor is an operation
            return cells_of(self.tape, with_inner(tensors))

    def user_cells(self) -> set[int]:
        """Identities of the tape cells of the user's tensors."""
        return cells_of(self.tape, self.user.tensors)

    def is_constant(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is computed from numbers in the model's code alone, and so is the same in every call."""
        return not depends_on(self.tape, [tensor], self.user_cells(), OPERATIONS_SEARCHED)

    def is_copied(self, expr: Any) -> bool:
        """Whether an expression is a number that was read from a tensor of the user, or from a copy of its elements."""
        record = self.reals.symbols.origins.get(self.origins.created_as(expr)) if expr.is_Symbol else None
        return record is not None and record_reads_copied(record)

    def rests_on_constants(self, expr: Any, cells: set[int]) -> bool:
        """Whether every symbol of an expression was read from a constant tensor: a guard on it assumes nothing.

        `cells` is `user_cells()`, which does not change once the trace is over.
        """
        records = [self.reals.symbols.origins.get(self.origins.created_as(symbol)) for symbol in expr.free_symbols]
        return bool(records) and not any(
            record is None or record_depends_on(record, cells, OPERATIONS_SEARCHED) for record in records
        )
