"""Random generators of Python and NumPy whose state moved, in whatever way `forward` drew from them.

Draws that `calls/nondeterministic_calls.py` sees have an event with their line already.
"""

from __future__ import annotations

from collections.abc import Iterable

from torchdraft._draft.effects.protocol import Forward, WatchedTrace, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.rng_states import GeneratorStates
from torchdraft._source.definitions import mentioning, parameter, writing
from torchdraft._torch.patching.changes import Changes
from torchdraft.model.events import ImpureCall


@watches(why="A trace bakes the numbers that were drawn into the program.")
class RandomGenerators(Watcher):
    """Compares the states of generators with those at entry."""

    def __init__(self, trace: WatchedTrace) -> None:
        super().__init__(trace)
        self._at_entry: GeneratorStates | None = None

    def begin(self, changes: Changes, forward: Forward) -> None:
        """Copies the states."""
        self._at_entry = GeneratorStates(forward.at_draft.random_generators)

    def report(self, forward: Forward) -> Iterable[ImpureCall]:
        """An event for each generator that moved: one of the process, without a line, or one that the model holds."""
        if self._at_entry is None:
            return
        reported = {event.what.rpartition(".")[0] for event in self.context.log if isinstance(event, ImpureCall)}
        for name in self._at_entry.moved():
            if name not in reported | self.trace.moved_by_others:
                yield ImpureCall(stack=parameter(type(forward.module).forward), what=name)
        for name in self._at_entry.moved_named():
            leaf = name.rpartition(".")[2]
            line = writing(forward.at_draft.codes_naming((leaf,)), mentioning(leaf))
            yield ImpureCall(stack=line or parameter(type(forward.module).forward), what=name)
