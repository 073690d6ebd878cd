"""The state of one attempt: a trace context and the features around it. It composes them, and does nothing else."""

from __future__ import annotations

from typing import Any

from torchdraft._draft.custom_ops.fake_kernels import FakeKernels
from torchdraft._draft.custom_ops.learned_kernels import LearnedKernels
from torchdraft._draft.custom_ops.profiles.calls import RunsObserved
from torchdraft._draft.custom_ops.trusted_ops import TrustedOps
from torchdraft._draft.effects.calls.seeded_rng import SeededDraws
from torchdraft._draft.effects.calls.threads import Threads
from torchdraft._draft.effects.clock_answers import ClockAnswers
from torchdraft._draft.effects.trace_effects import TraceEffects
from torchdraft._draft.guards.shape_env import DraftShapeEnv
from torchdraft._draft.guards.unbound_symbols import UnboundSymbols
from torchdraft._draft.polyfills.control_flow import FALLBACKS
from torchdraft._draft.polyfills.python.builtins import BUILTINS
from torchdraft._draft.polyfills.python.calls import CALLS
from torchdraft._draft.polyfills.registry import POLYFILLS
from torchdraft._draft.prepare.pytree_types import OutputTypes
from torchdraft._draft.reads.registry import READS
from torchdraft._draft.reads.shared_memory import SharedMemory
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft._draft.tracing.fake_mode import DraftMode
from torchdraft._draft.tracing.hooks import TraceHooks
from torchdraft._tape.evaluation.evaluate import RealValues
from torchdraft._tape.tape import Tape
from torchdraft._torch.symbolic.fake import FakeTensorMode
from torchdraft._torch.symbolic.shapes import ShapeEnv
from torchdraft.model import Dimension
from torchdraft.rules.registry import watched_calls

for _declarations in (READS, POLYFILLS, BUILTINS, CALLS, FALLBACKS):
    _declarations.load()  # here, because the declarations name functions that a trace replaces


class Session:
    """One attempt. `close` leaves plain torch objects behind and lets go of every real tensor."""

    def __init__(
        self,
        *,
        budget: int,
        prefer_deferred_runtime_asserts_over_guards: bool = False,
        trust: TrustedOps | None = None,
        answers: ClockAnswers | None = None,
        learned: LearnedKernels | None = None,
    ) -> None:
        self.context = context = TraceContext(budget=budget)
        self.kernels = FakeKernels(TrustedOps() if trust is None else trust, {} if learned is None else learned.kernels)
        self.runs = RunsObserved()
        self.kernels.on_run = [self.runs.note] if learned is None else [self.runs.note, learned.calls.note]
        self.effects = TraceEffects(context, ClockAnswers() if answers is None else answers, watched_calls())
        self.output_types = OutputTypes(context)
        self.shared_memory = SharedMemory(context)
        self.unbound_symbols = UnboundSymbols(context)
        self.queries = TracingQueries()
        self.computed_gradients = False
        """Whether `forward` ran a backward pass."""
        self.unasserted: tuple[str, ...] = ()
        """What a frozen result depends on beside its inputs, under no assertion."""
        self.dimensions: list[Dimension] = []
        self.new_dynamic_shapes: Any = None
        context.hooks = TraceHooks(
            self.kernels, self.effects.watcher(SeededDraws), self.effects.watcher(Threads), self.output_types
        )
        deferred = prefer_deferred_runtime_asserts_over_guards
        context.attach_shape_env(DraftShapeEnv(context, prefer_deferred_runtime_asserts_over_guards=deferred))
        context.fake_mode = DraftMode(context, context.shape_env)

    @property
    def tape(self) -> Tape:
        """The tape of the trace."""
        return self.context.tape

    @property
    def reals(self) -> RealValues:
        """The real values of the trace."""
        return self.context.reals

    @property
    def env(self) -> DraftShapeEnv:
        """The shape environment of the trace."""
        env: DraftShapeEnv = self.context.shape_env
        return env

    @property
    def mode(self) -> DraftMode:
        """The fake mode of the trace."""
        mode: DraftMode = self.context.fake_mode
        return mode

    def resolved(self) -> dict[Any, Any]:
        """Expression → number, for each guard that was resolved with real values and that the program asserts."""
        return {expr: event.value for expr, event in self.env.resolved.items()}

    def note_unasserted(self, what: tuple[str, ...]) -> None:
        """A frozen result depends on these, and nothing asserts them."""
        self.unasserted = tuple(dict.fromkeys(what))

    def dynamo_mode(self, env_options: dict[str, Any] | None, mode_options: dict[str, Any] | None) -> Any:
        """The shape environment or the fake mode for Dynamo to use, made from the options it gives.

        Dynamo makes one pair for each frame that it compiles; the last one is the session's.
        """
        if env_options is not None:
            self.context.attach_shape_env(DraftShapeEnv(self.context, **env_options))
            return self.env
        assert mode_options is not None
        if mode_options["shape_env"] is not self.env:
            return None
        self.context.fake_mode = DraftMode(self.context, **mode_options)
        return self.mode

    def close(self) -> None:
        """Ends the trace. The fake mode and the shape environment live on in the program's metadata: from here on they
        are of torch's own classes (their `__class__` is set back), and hold no tape.
        """
        self.context.remember_inputs()
        self.env.tracked_fakes = []  # caches of torch's hold on to the environment
        self.reals.copy_on_write.release()
        for ours, upstream in ((self.mode, FakeTensorMode), (self.env, ShapeEnv)):
            ours.context = None
            ours.__class__ = upstream


class TracingQueries:
    """What the model hears when it asks whether it is being traced (`torch.compiler.is_compiling` and the like)."""

    def __init__(self) -> None:
        self.asked = False
        """Whether the model asked, and heard yes."""
        self.hidden = False
        """Whether it hears no."""

    def answer(self, traced: bool) -> bool:
        """The answer where torch's own is `traced`."""
        if not belongs():  # another thread asks, which may well be traced or not
            return traced
        if self.hidden:
            return False
        self.asked = self.asked or traced
        return traced
