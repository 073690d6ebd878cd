"""One attempt at a trace: the tape, the real values, and the events it emits."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from typing import Any, Literal

import torch

from torchdraft._draft.custom_ops.fake_kernels import FakeKernels
from torchdraft._draft.custom_ops.trusted_ops import TrustedOps
from torchdraft._draft.effects.clock_answers import ClockAnswers
from torchdraft._draft.effects.rebound_tensors import ReboundTensors
from torchdraft._draft.effects.seeded_rng import SeededDraws
from torchdraft._draft.reads.shared_memory import SharedMemory
from torchdraft._draft.state.namespaces import ResidualValue
from torchdraft._source.input_names import in_caller_terms
from torchdraft._stack.user_stack import here, user_stack
from torchdraft._tape.evaluate import RealValues
from torchdraft._tape.provenance import cells_of, depends_on, record_depends_on
from torchdraft._tape.tape import Record, Tape, View
from torchdraft._torch.dispatch import forget_failed_nodes
from torchdraft._torch.fake import FakeTensorMode
from torchdraft._torch.shapes import ShapeEnv
from torchdraft._torch.tensors.subclasses import classed_like, is_subclassed
from torchdraft.model import Dimension
from torchdraft.model.events import Event, ExceptionCaught, Frame, GuardResolved, HostRead, SymbolOrigin

from .fake_mode import DraftMode
from .shape_env import MOST_SYMBOLS, DraftShapeEnv
from .symbol_scopes import SymbolScopes
from .unbound_symbols import UnboundSymbols

NEAR = 64
"""Operations that are looked at to see whether a number is a constant of the model's code."""


class Session:
    """State of one trace. `close` leaves plain torch objects behind and lets go of every real tensor."""

    def __init__(
        self,
        *,
        budget: int,
        prefer_deferred_runtime_asserts_over_guards: bool = False,
        trusted_ops: Collection[str] = (),
    ) -> None:
        self.kernels = FakeKernels(TrustedOps(trusted_ops))
        self.tape = Tape()
        self.reals = RealValues(self.tape, budget)
        self.reals.on_surrogate = lambda weight: self.surrogate_places.update({id(weight): here(3)})
        self.surrogate_places: dict[int, dict[str, Any]] = {}
        self.events: list[Event] = []
        self.most_symbols: float = MOST_SYMBOLS
        self.asked = False
        """Whether the model asked if it is being traced."""
        self.registered: list[type] = []
        self.failed_ops: list[Event] = []
        self.plain_values_left: dict[str, Any] = {}
        self.symbolic_sizes_left: dict[str, str] = {}
        """Of those the symbolic ones: what was written, in symbols; the plain number is that of the example."""
        self.constant_tensors_left: dict[str, torch.Tensor] = {}
        """Of those the tensors that no input is in, such as a weight worked out from others."""
        self.residual_values: dict[str, ResidualValue] = {}
        self.hooks_left: dict[str, dict[str, Any]] = {}
        """Module → the tables of hooks that forward left on it."""
        self.answers = ClockAnswers()
        self.other_threads: set[int | None] = set()
        """Threads that ran when the trace began: what they do is not the model's doing."""
        self.dimensions: list[Dimension] = []
        self.new_dynamic_shapes: Any = None
        self.user_tensors: list[torch.Tensor] = []
        """The user's: inputs, parameters and buffers."""
        self.tensors_before: set[int] | None = None
        self.thread_started_at: tuple[Frame, ...] = ()
        """The line at which the model gave work to a thread last."""
        self.first_writes: dict[int, tuple[Frame, ...]] = {}
        self.attribute_writes: dict[tuple[int, str], tuple[Frame, ...]] = {}
        self.assumptions: list[tuple[Any, Any]] = []
        self.input_names: dict[Any, str] = {}
        """Symbol → the input it is a size of, where that has another name than the shape environment knows."""
        self._origins: dict[Any, SymbolOrigin] = {}
        self.env = DraftShapeEnv(
            self, prefer_deferred_runtime_asserts_over_guards=prefer_deferred_runtime_asserts_over_guards
        )
        self.reals.symbols.env = self.env
        self.mode = DraftMode(self, self.env)
        self.orphans = UnboundSymbols(self)
        self.lent = SharedMemory(self)
        self.replaced = ReboundTensors()
        self.seeded = SeededDraws(self)
        self.scopes = SymbolScopes()
        self._classes: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def note_subclass(self, fake: torch.Tensor, real: torch.Tensor) -> None:
        """Remembers what class of tensors `real` is of: the fake tensor in its place is of none."""
        if is_subclassed(real):
            self._classes[id(fake)] = (fake, real)

    def has_subclasses(self) -> bool:
        """Whether tensors came in whose class the trace does not see."""
        return bool(self._classes)

    def in_user_subclass(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """`real`, the data behind `fake`, in the class that the caller gave it."""
        return classed_like(real, self._classes[id(fake)][1]) if id(fake) in self._classes else real

    def is_other_thread(self) -> bool:
        """Whether the thread that runs is one that ran before the trace, a progress bar's, say: it is no doing of the
        model's.
        """
        return threading.get_ident() in self.other_threads

    def emit(self, event: Event) -> None:
        """Adds a fact to the ledger."""
        self.events.append(event)

    def record_surrogate_outputs(self, op: Any, args: Any, out: Any) -> None:
        """Writes an operator on the tape whose outputs were made up: `op(*args)` is how they come about."""
        self.tape.close(self.tape.open(op, args, {}), args, {}, out)

    def island_read(self, func: Any, seen: Any, stack: tuple[Frame, ...], *, asserted: bool) -> None:
        """Python read data inside an island."""
        kind = _ISLAND_GUARDS.get(getattr(func, "__name__", ""))
        if kind is not None and asserted and seen.numel() == 1:
            value = bool(seen) if kind == "branch" else seen.item()
            self.emit(GuardResolved(stack=stack, expr="", value=value, kind=kind))
            return
        how = ("value" if seen.numel() <= 64 else "constant") if asserted else "no"
        self.emit(
            HostRead(
                stack=stack,
                read=getattr(func, "__name__", str(func)),
                dtype=str(seen.dtype).removeprefix("torch."),
                shape=tuple(str(s) for s in seen.shape),
                value=str(seen.tolist()) if seen.numel() <= 64 else f"{seen.numel()} elements",
                asserted=how,  # type: ignore[arg-type]
            )
        )

    def op_raised(self, error: Exception) -> None:
        """An op raised. If the model catches that, the program must not hold the op."""
        for op in forget_failed_nodes():
            text = str(error).strip().splitlines()
            self.failed_ops.append(
                ExceptionCaught(stack=user_stack(3), exception=f"{type(error).__name__}: {text[0] if text else op}")
            )

    def answer_tracing_query(self, traced: bool) -> bool:
        """What the model hears when it asks whether it is being traced."""
        self.asked = self.asked or traced
        return traced

    def note_writes(self, record: Record) -> None:
        """Remembers the line that first wrote to each of the user's tensors."""
        for operand in record.writes:
            if operand.version.origin is None and id(operand.handle.cell) not in self.first_writes:
                self.first_writes[id(operand.handle.cell)] = user_stack(3)

    def note_attribute(self, module: Any, name: str) -> None:
        """Remembers the line that last assigned an attribute of a module. Tracing's stand-ins share its dictionary."""
        if stack := user_stack(3):
            self.attribute_writes[id(module.__dict__), name] = stack

    def assumed(self, expr: Any, value: Any) -> None:
        """Remembers what the program must assert."""
        self.assumptions.append((expr, value))

    def note_origin(self, symbols: list[Any], record: Record, out: Any) -> None:
        """Remembers where unbacked symbols were born."""
        stack, truth = user_stack(3), isinstance(out, torch.SymBool)
        for symbol in symbols:
            part = path_of_symbol(out, symbol) or element_read(record)
            self._origins.setdefault(symbol, SymbolOrigin(op=str(record.func), stack=stack, part=part, truth=truth))

    def input_cells(self) -> set[int]:
        """Where the tape keeps the model's inputs."""
        fakes = (tracked.fake for tracked in self.env.tracked_fakes or ())
        return cells_of(self.tape, [fake for fake in fakes if isinstance(fake, torch.Tensor)])

    def is_constant(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is made of numbers in the model's code alone: it is the same in every call."""
        return not depends_on(self.tape, [tensor], cells_of(self.tape, self.user_tensors), NEAR)

    def rests_on_constants(self, expr: Any) -> bool:
        """Whether every number in an expression was read out of such a tensor: nothing is assumed then."""
        origins = [self.reals.symbols.origins.get(self._as_born(symbol)) for symbol in expr.free_symbols]
        cells = cells_of(self.tape, self.user_tensors)
        return bool(origins) and not any(o is None or record_depends_on(o, cells, NEAR) for o in origins)

    def _as_born(self, symbol: Any) -> Any:
        return self.env.renamed_from.get(symbol, symbol)

    def symbols(self) -> set[Any]:
        """Every symbol of the trace."""
        return {*self._origins, *self.env.renamed_from, *self.env.var_to_sources}

    def origins_of(self, symbols: Iterable[Any]) -> dict[str, SymbolOrigin]:
        """Where symbols come from, as far as that is known."""
        found = {}
        for symbol in sorted(symbols, key=str):
            born = self._origins.get(self._as_born(symbol))
            sources = self.env.var_to_sources.get(symbol)
            name = self.input_names.get(symbol) or (sources[0].name if sources else "")
            if born is not None:
                found[str(symbol)] = born
            elif name:
                found[str(symbol)] = SymbolOrigin(input=in_caller_terms(name))
        return found

    def dynamo_mode(self, env_options: dict[str, Any] | None, mode_options: dict[str, Any] | None) -> Any:
        """The environment and the mode for Dynamo to use, made from its own options.

        Dynamo makes one pair per frame it compiles; the last one is the session's.
        """
        if env_options is not None:
            self.env = DraftShapeEnv(self, **env_options)
            self.reals.symbols.env = self.env
            return self.env
        assert mode_options is not None
        if mode_options["shape_env"] is not self.env:
            return None
        self.mode = DraftMode(self, **mode_options)
        return self.mode

    def close(self) -> None:
        """The fake mode lives on in the program's metadata: from here on it is torch's own class, with no tape."""
        self.env.tracked_fakes = []  # caches of torch's hold on to the environment
        self.reals.borrowed.release()
        self.mode.session = None
        self.env.session = None
        self.mode.__class__ = FakeTensorMode
        self.env.__class__ = ShapeEnv


_ISLAND_GUARDS: dict[str, Literal["branch", "size"]] = {
    "__bool__": "branch",
    "is_nonzero": "branch",
    "__int__": "size",
    "__index__": "size",
    "__float__": "size",
}
"""What a read inside an island is called elsewhere."""


def path_of_symbol(out: Any, symbol: Any) -> str:
    """Where in what an operation returned a symbol is: `.shape[0]`, `[1].shape[0]`; empty for a lone number."""
    if isinstance(out, torch.Tensor):
        sizes = [s.node._expr if isinstance(s, torch.SymInt) else s for s in out.shape]
        return f".shape[{sizes.index(symbol)}]" if symbol in sizes else ""
    if isinstance(out, (list, tuple)):
        places = ((index, path_of_symbol(one, symbol)) for index, one in enumerate(out))
        return next((f"[{index}]{place}" for index, place in places if place), "")
    return ""


def element_read(record: Record) -> str:
    """`[0][2]` for a number read out of a tensor that was taken apart row by row, as `tolist` does."""
    places: list[str] = []
    handle = record.operands[0].handle if record.operands else None
    while isinstance(handle, View) and handle.record.func is torch.ops.aten.unbind.int:
        places.append(f"[{handle.index}]")
        handle = handle.parent
    return "".join(reversed(places))
