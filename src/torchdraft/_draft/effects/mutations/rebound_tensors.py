"""Tensors of the user that `forward` replaced: a buffer assigned anew, an input or a parameter that got other memory
(`x.data = ...`).

A program cannot replace a tensor of its caller. Where the new tensor fits, its values are copied into the old one when
`forward` ends; where it does not, the replacement is lost, and reported. Export copies buffers of the outermost module
itself, without looking whether the new one fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch

from torchdraft._draft.effects.protocol import Forward, WatchedTrace, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.module_states import MISSING
from torchdraft._torch import pytree
from torchdraft._torch.symbolic.fake import same_storage
from torchdraft.model.events import AttributeWritten

from .attributes import attribute_is_recomputed, attribute_written
from .written_back import Pair, fitting, is_written_back


@watches(why="A program cannot replace a tensor of its caller.")
class ReboundTensors(Watcher):
    """Copies the values of replacements into the user's tensors, and puts the module's tables back."""

    def __init__(self, trace: WatchedTrace) -> None:
        super().__init__(trace)
        self._events: list[AttributeWritten] = []

    def end(self, forward: Forward, output: Any) -> Any:
        """Returns `output`, with copies of the old memory that it still refers to."""
        user = self.context.user
        rebound = [(old, new) for old, new in user.rebound if is_written_back(user, new)]
        pairs = [*rebound, *self._assigned(forward)]
        old_memory = [old for old, _ in pairs]
        output = pytree.tree_map_only(torch.Tensor, lambda tensor: _unaliased(tensor, old_memory), output)
        for old, new in [(old, _unaliased(new, old_memory)) for old, new in pairs]:
            old.detach().copy_(new.detach())
        return output

    def report(self, forward: Forward) -> Iterable[AttributeWritten]:
        """An event for each replaced buffer or parameter."""
        return self._events

    def _assigned(self, forward: Forward) -> list[Pair]:
        """Puts the buffers and parameters back. Returns those whose replacement fits."""
        pairs = []
        for prefix, state in forward.at_entry.by_name.items():
            for table in ("_buffers", "_parameters"):
                before, live = state.tables[table], state.module.__dict__[table]
                now = dict(live)
                for leaf in {**before, **now}:
                    old, new = before.get(leaf, MISSING), now.get(leaf, MISSING)
                    if old is not new:
                        pair = fitting(old, new)
                        name = f"{prefix}.{leaf}" if prefix else leaf
                        self._events.append(self._assignment(forward, name, table, old, new, pair))
                        pairs.extend(pair)
                if now.keys() != before.keys() or any(now[leaf] is not before[leaf] for leaf in now):
                    live.clear()
                    live.update(before)
        return pairs

    def _assignment(
        self, forward: Forward, name: str, table: str, old: Any, new: Any, pair: list[Pair]
    ) -> AttributeWritten:
        kept = any(one.dtype == other.dtype for one, other in pair)  # the program keeps the old dtype
        # A parameter is there to be changed from outside, so a recomputed one is no harmless table.
        recomputed = table == "_buffers" and attribute_is_recomputed(self.trace, name, old, new)
        event = attribute_written(forward.module, self.trace, name, old, new, kept=kept)
        return replace(event, same_each_time=recomputed and not kept)


def _unaliased(tensor: torch.Tensor, old_memory: list[torch.Tensor]) -> torch.Tensor:
    """`tensor`, or a copy of it where it aliases memory that is about to be written."""
    return tensor.clone() if any(same_storage(tensor, other) for other in old_memory) else tensor
