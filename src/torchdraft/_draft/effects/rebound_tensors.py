"""Tensors of the user that `forward` replaced: a buffer assigned anew, an input or a parameter that got other memory
(`x.data = ...`).

A program cannot replace a tensor of its caller. Where the new tensor fits, its values are copied into the old one when
`forward` ends; where it does not, the replacement is lost, and reported. Export copies buffers of the outermost module
itself, without looking whether the new one fits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from torchdraft._draft.state.snapshot import MISSING, Snapshot
from torchdraft._torch import pytree
from torchdraft._torch.fake import same_storage

from .mutations import attribute_written, rebuilt_each_call
from .trace_effects import TraceEffects
from .written_back import Pair, fitting, is_written_back


def write_back(mod: torch.nn.Module, effects: TraceEffects, entry: Snapshot, output: Any) -> Any:
    """Ends `forward`: the user's tensors get their new values, the module its old tables. `entry` is the state of the
    modules when `forward` began. Returns `output`, with copies of the old memory that it still refers to.
    """
    user = effects.context.user
    rebound = [(old, new) for old, new in user.rebound if is_written_back(user, new)]
    pairs = [*rebound, *_assigned(mod, effects, entry)]
    old_memory = [old for old, _ in pairs]
    output = pytree.tree_map_only(torch.Tensor, lambda tensor: _unaliased(tensor, old_memory), output)
    for old, new in [(old, _unaliased(new, old_memory)) for old, new in pairs]:
        old.detach().copy_(new.detach())
    return output


def _unaliased(tensor: torch.Tensor, old_memory: list[torch.Tensor]) -> torch.Tensor:
    """`tensor`, or a copy of it where it aliases memory that is about to be written."""
    return tensor.clone() if any(same_storage(tensor, other) for other in old_memory) else tensor


def _assigned(mod: torch.nn.Module, effects: TraceEffects, entry: Snapshot) -> list[Pair]:
    """Puts the buffers and parameters of `entry` back in place. Returns those whose replacement fits."""
    pairs = []
    for prefix, state in entry.modules.items():
        for table in ("_buffers", "_parameters"):
            before, live = state.tables[table], state.module.__dict__[table]
            now = dict(live)
            for leaf in {**before, **now}:
                old, new = before.get(leaf, MISSING), now.get(leaf, MISSING)
                if old is new:
                    continue
                name = f"{prefix}.{leaf}" if prefix else leaf
                pairs.extend(_report_assignment(mod, effects, name, table, old, new))
            if now.keys() != before.keys() or any(now[leaf] is not before[leaf] for leaf in now):
                live.clear()
                live.update(before)
    return pairs


def _report_assignment(
    mod: torch.nn.Module, effects: TraceEffects, name: str, table: str, old: Any, new: Any
) -> list[Pair]:
    """Emits the event of a replaced buffer or parameter; returns the pair where the new values fit."""
    pair = fitting(old, new)
    kept = any(one.dtype == other.dtype for one, other in pair)  # the program keeps the old dtype
    # A parameter is there to be changed from outside, so a rebuilt one is no harmless table.
    rebuilt = table == "_buffers" and rebuilt_each_call(effects.context, name, old, new)
    event = attribute_written(mod, effects, name, old, new, kept=kept)
    effects.context.log.emit(replace(event, same_each_time=rebuilt and not kept))
    return pair
