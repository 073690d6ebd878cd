"""Inputs that `forward` changed: tensors that it wrote to, and containers or objects that hold other things."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from torchdraft._draft.effects.protocol import Forward, WatchedTrace, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.input_containers import InputContainerState
from torchdraft._draft.tracing.request import Request
from torchdraft._source.definitions import parameter
from torchdraft._source.input_names import in_caller_terms, root_of
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.tensors.subclasses import with_inner
from torchdraft.model.events import InputMutated, StandIn

from .written_back import is_written_back


@watches(why="A program changes the tensors of its caller, not the containers and objects they came in.")
class InputContainers(Watcher):
    """Compares the containers and objects among the inputs with what they held at entry."""

    def __init__(self, trace: WatchedTrace) -> None:
        super().__init__(trace)
        self._at_entry = InputContainerState({})

    def begin(self, changes: Changes, forward: Forward) -> None:
        """Copies what they hold."""
        self._at_entry = InputContainerState(forward.arguments)

    def report(self, forward: Forward) -> Iterable[InputMutated]:
        """An event for each input that holds other things."""
        for name in self._at_entry.changed():
            stack = parameter(type(forward.module).forward, name)
            yield InputMutated(stack=stack, name=name, kept=False, holds_others=True)


@watches(why="A program writes to its caller's tensors as the model does, unless they got other memory.")
class InputTensors(Watcher):
    """Finds the inputs that an operation of the trace wrote to."""

    def report_trace(self, request: Request) -> Iterable[InputMutated]:
        """An event for each of them, at the line that first wrote to it."""
        context = self.context
        for tracked in context.shape_env.tracked_fakes or ():
            fake = tracked.fake
            parts = with_inner([fake]) if isinstance(fake, torch.Tensor) else []
            handles = [context.tape.handle(part) for part in parts]
            cells = [handle.cell for handle in handles if handle is not None]
            if not cells or ".__obj_flatten__()" in tracked.source.name:  # the state of a TorchBind object
                continue
            written_back = is_written_back(context.user, fake)
            written = [cell for cell in cells if cell.version.origin is not None]
            if written_back is not None or written:
                name, forward = in_caller_terms(tracked.source.name), type(request.mod).forward
                first = context.user.first_writes.get(id((written or cells)[0]))
                stack = first or parameter(forward, root_of(name))
                yield InputMutated(stack=stack, name=name, kept=written_back is not False)


@watches(why="A guard or a host read was answered with the values of a surrogate, which are random.")
class Surrogates(Watcher):
    """Finds the weights without data whose seeded surrogate was computed with."""

    def report_trace(self, request: Request) -> Iterable[StandIn]:
        """An event for each of them."""
        reals, locations = self.context.reals, self.context.user.surrogate_locations
        weights = {id(t): n for n, t in (*request.mod.named_parameters(), *request.mod.named_buffers())}
        for number, weight in enumerate(reals.surrogates):
            name, seed = weights.get(weight, "an input"), reals.surrogate_seed + number
            yield StandIn(name=name, seed=seed, **locations.get(weight, {}))
