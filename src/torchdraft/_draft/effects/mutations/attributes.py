"""Attributes of the model's modules that `forward` assigned, and containers in them that it changed.

Tables of parameters and buffers belong to `rebound_tensors.py`; what is new in one of them counts here.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch

from torchdraft._draft.effects.protocol import Forward, WatchedTrace, Watcher
from torchdraft._draft.effects.residual_containers import KINDS, WORDS, Copier, NotCopied
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.containers import is_plain
from torchdraft._draft.state.describe import describe_value
from torchdraft._draft.state.module_states import MISSING
from torchdraft._draft.state.residual import changed_name
from torchdraft._source.code.functions import plain_function
from torchdraft._source.definitions import mentioning, parameter, writes_to, writing
from torchdraft._stack.frame_kinds import is_framework
from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.provenance import depends_on
from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft.model.events import AttributeWritten, Frame

from .recomputed import is_recomputed


@watches(why="A program has no attributes: the assignment happens once, in the trace, and is undone.")
class Attributes(Watcher):
    """Compares the attributes with those at entry, and puts them back."""

    def __init__(self, trace: WatchedTrace) -> None:
        super().__init__(trace)
        self.copier = Copier(trace.context)

    def report(self, forward: Forward) -> Iterable[AttributeWritten]:
        """An event for each changed attribute."""
        for name, before, after in forward.at_entry.changed_attributes():
            written = attribute_written(forward.module, self.trace, name, before, after, kept=False)
            recomputed = attribute_is_recomputed(self.trace, name, before, after)
            yield replace(written, same_each_time=recomputed)
            self.trace.residual.written.add(name)
            if not recomputed:
                self._note_residual(forward, name, after)

    def _note_residual(self, forward: Forward, name: str, after: Any) -> None:
        """Remembers the new value of an attribute if a second trace can start from it."""
        owner, _, leaf = name.rpartition(".")
        live = forward.module.get_submodule(owner).__dict__.get(leaf, after)  # of a container, `after` is a copy
        if type(live) not in KINDS:
            _note_value(self.trace, name, after)
            return
        residual = self.trace.residual
        with suppress(NotCopied):
            copy = self.copier.copied(live)
            residual.attributes[name], residual.containers[name] = copy.value, copy.key
            if forward.at_entry.by_name[owner].attributes.get(leaf) is live:
                residual.changed_in_place.add(name)

    def restore(self, forward: Forward) -> None:
        """Puts the attributes back: export complains about tensors of the trace in them."""
        forward.at_entry.restore_attributes()


def _note_value(trace: WatchedTrace, name: str, after: Any) -> None:
    """Remembers the new value of an attribute that is no container."""
    context, residual = trace.context, trace.residual
    if is_plain(after) or isinstance(after, WORDS):
        residual.attributes[name] = after
    elif isinstance(after, torch.SymInt) and (size := after.node.hint) is not None:
        residual.attributes[name] = int(size)
        residual.symbolic_sizes[name] = str(after.node.expr)
    elif isinstance(after, torch.Tensor) and not depends_on(context.tape, [after], context.input_cells()):
        if any(isinstance(weight, FakeTensor) for weight in context.user.tensors):
            return  # weights without data: the value would be computed from a surrogate
        try:
            with outside_modes():
                table = context.reals.tensor(after).detach().clone()
        except NoRealValue:
            return
        residual.attributes[name] = residual.constant_tensors[name] = table


def attribute_written(
    mod: torch.nn.Module, trace: WatchedTrace, name: str, before: Any, after: Any, *, kept: bool
) -> AttributeWritten:
    """The event of an assignment, at the line that made it."""
    owner, _, leaf = name.rpartition(".")
    stack = (
        trace.assigned.line_of(mod.get_submodule(owner), leaf)
        or where_written(mod, name)
        or parameter(type(mod).forward)
    )
    return AttributeWritten(
        stack=stack, module=owner, name=name, before=describe_value(before), after=describe_value(after), kept=kept
    )


def attribute_is_recomputed(trace: WatchedTrace, name: str, before: Any, after: Any) -> bool:
    """Whether an attribute only gained tensors, and each call computes them from no input."""
    return is_recomputed(trace.context, changed_name(name, None if before is MISSING else before, after))


def where_written(mod: torch.nn.Module, name: str) -> tuple[Frame, ...]:
    """The line of the owner's class that writes the attribute; the first one if several do."""
    path, _, leaf = name.rpartition(".")
    codes = []
    for cls in type(mod.get_submodule(path)).__mro__:
        found = (plain_function(member) for member in vars(cls).values())
        codes += [f.__code__ for f in found if f is not None and f.__name__ != "__init__"]
    theirs = [code for code in codes if leaf in (*code.co_names, *code.co_consts) and not is_framework(code)]
    return writing(theirs, writes_to(leaf)) or writing(theirs, mentioning(leaf))
