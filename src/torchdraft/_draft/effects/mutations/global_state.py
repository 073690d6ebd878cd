"""State outside the model: globals, classes, objects and closures of its code, and modules that it uses but does not
hold.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from torchdraft._draft.effects.protocol import Forward, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.describe import describe_value
from torchdraft._source.definitions import parameter
from torchdraft._torch.tensors.nested import storage_key
from torchdraft.model.events import AttributeWritten, Frame, OutsideStateWritten

from .recomputed import is_recomputed


@watches(why="A program writes to its outputs and buffers only: another call, or another model, misses the value.")
class GlobalState(Watcher):
    """Compares names and containers with those before the draft."""

    def report(self, forward: Forward) -> Iterable[OutsideStateWritten]:
        """An event for each name that holds something else."""
        surroundings = forward.at_draft.surroundings
        for changed in surroundings.changed() if surroundings is not None else ():
            stack = surroundings.where_written(changed) or parameter(type(forward.module).forward)
            recomputed = is_recomputed(self.context, changed)
            yield OutsideStateWritten(stack=stack, name=changed.name, same_each_time=recomputed)
            if changed.residual is not None:
                self.trace.residual.values[changed.name] = changed.residual


@watches(why="A program writes to tensors of its caller and to its buffers, not to tensors that globals hold.")
class ExternalTensors(Watcher):
    """Finds the external tensors that an operation of the trace wrote to. Those that the model holds become constants
    of the program, which writes to them as the model does.
    """

    def report(self, forward: Forward) -> Iterable[OutsideStateWritten | AttributeWritten]:
        """An event for each of them, at the line that first wrote to it."""
        surroundings, context = forward.at_draft.surroundings, self.context
        for external in surroundings.tensors if surroundings is not None else ():
            cell = context.tape.sources.get(storage_key(external.memory))
            if cell is not None and cell.version.origin is not None:
                stack = context.user.first_writes.get(id(cell)) or parameter(type(forward.module).forward)
                if external.held_by_model:
                    yield _written_in_place(external.name, external.tensor, stack)
                else:
                    yield OutsideStateWritten(stack=stack, name=external.name)


def _written_in_place(name: str, tensor: torch.Tensor, stack: tuple[Frame, ...]) -> AttributeWritten:
    value = describe_value(tensor)
    return AttributeWritten(stack=stack, name=name, before=value, after=value, kept=True, in_place=True)


@watches(why="A module outside the model is no part of the program: its attributes stay as they were.")
class HiddenModules(Watcher):
    """Compares the modules that the model uses without holding them as submodules."""

    def report(self, forward: Forward) -> Iterable[OutsideStateWritten]:
        """An event for each attribute, parameter or buffer that was replaced."""
        for name in forward.at_draft.hidden.replaced():
            yield OutsideStateWritten(stack=parameter(type(forward.module).forward), name=name)
