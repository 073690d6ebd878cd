"""One attempt at a trace: the tape, the real values, and the events it emits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .._kernels.answer import Kernels
from .._kernels.trust import Trust
from .._reals.evaluate import Reals
from .._reals.tape import Tape
from .._torch.fake import FakeTensorMode
from .._torch.shapes import ShapeEnv
from ..model import Dimension
from .env import MOST_SYMBOLS, DraftShapeEnv
from .events import Event, Frame, HostRead
from .mode import DraftMode
from .orphans import Orphans
from .replaced import Replaced
from .scopes import Scopes
from .stacks import user_stack


class Session:
    """State of one trace. `close` leaves plain torch objects behind and lets go of every real tensor."""

    def __init__(
        self,
        *,
        budget: int,
        prefer_deferred_runtime_asserts_over_guards: bool = False,
        trusted_ops: Collection[str] = (),
    ) -> None:
        self.kernels = Kernels(Trust(trusted_ops))
        self.tape = Tape()
        self.reals = Reals(self.tape, budget)
        self.events: list[Event] = []
        self.most_symbols: float = MOST_SYMBOLS
        self.asked = False
        """Whether the model asked if it is being traced."""
        self.registered: list[type] = []
        self.failed_ops: list[Event] = []
        self.dimensions: list[Dimension] = []
        self.tensors_before: set[int] | None = None
        self.assumptions: list[tuple[Any, Any]] = []
        self._births: dict[Any, tuple[str, tuple[Frame, ...]]] = {}
        self.env = DraftShapeEnv(
            self, prefer_deferred_runtime_asserts_over_guards=prefer_deferred_runtime_asserts_over_guards
        )
        self.reals.symbols.env = self.env
        self.mode = DraftMode(self, self.env)
        self.orphans = Orphans(self)
        self.replaced = Replaced()
        self.scopes = Scopes()

    def emit(self, event: Event) -> None:
        """Adds a fact to the ledger."""
        self.events.append(event)

    def made_by(self, op: Any, args: Any, out: Any) -> None:
        """Writes an operator on the tape whose outputs were made up: `op(*args)` is how they come about."""
        self.tape.close(self.tape.open(op, args, {}), args, {}, out)

    def island_read(self, func: Any, seen: Any, stack: tuple[Frame, ...], *, asserted: bool) -> None:
        """Python read data inside an island."""
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

    def admits_tracing(self, traced: bool) -> bool:
        """What the model hears when it asks whether it is being traced."""
        self.asked = self.asked or traced
        return traced

    def assumed(self, expr: Any, value: Any) -> None:
        """Remembers what the program must assert."""
        self.assumptions.append((expr, value))

    def note_birth(self, symbols: list[Any], func: Any) -> None:
        """Remembers where unbacked symbols were born."""
        stack = user_stack(3)
        for symbol in symbols:
            self._births.setdefault(symbol, (str(func), stack))

    def birthplace(self, symbol: Any) -> str:
        """`aten.item.default at m.py:12` for an unbacked symbol, the input's expression for a backed one."""
        born = self._births.get(symbol)
        if born is None:
            sources = self.env.var_to_sources.get(symbol)
            return sources[0].name if sources else "?"
        func, stack = born
        if not stack:
            return func
        code, line, _ = stack[-1]
        return f"{func} at {code.co_filename.rsplit('/', 1)[-1]}:{line}"

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
        self.mode.session = None
        self.env.session = None
        self.mode.__class__ = FakeTensorMode
        self.env.__class__ = ShapeEnv
