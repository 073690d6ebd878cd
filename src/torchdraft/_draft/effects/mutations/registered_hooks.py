"""Hooks that `forward` registered on the model's modules, or removed from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from torchdraft._draft.effects.protocol import Forward, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._source.code.functions import plain_function
from torchdraft._source.definitions import mentioning, parameter, writing
from torchdraft.model.events import AttributeWritten


@watches(why="A program calls no hooks: what a hook does is in the graph, its registration is not.")
class RegisteredHooks(Watcher):
    """Compares the tables of forward hooks with those at entry."""

    def report(self, forward: Forward) -> Iterable[AttributeWritten]:
        """An event for each module whose tables changed."""
        for name, before, after in forward.at_entry.changed_hooks():
            yield _hooks_changed(forward.module, forward.at_draft, name, before, after)
            self.trace.residual.hooks[name] = after


def hooks_of(module: str) -> str:
    """What the report calls the hooks of a module, given by its dotted name."""
    return f"{module}._forward_hooks".lstrip(".")


def _hooks_changed(
    mod: torch.nn.Module, snapshot: Snapshot, name: str, before: dict[str, Any], after: dict[str, Any]
) -> AttributeWritten:
    had, has = ({**tables["_forward_hooks"], **tables["_forward_pre_hooks"]} for tables in (before, after))
    new = [hook for key, hook in has.items() if key not in had]
    codes = snapshot.codes_naming(_REGISTERING if new else _REMOVING)
    if new and (code := getattr(plain_function(new[0]), "__code__", None)) is not None:
        codes = [c for c in codes if c.co_filename == code.co_filename]  # many a file registers hooks
    calls = (writing(codes, mentioning(word)) for word in (_REGISTERING if new else _REMOVING))
    stack = next(filter(None, calls), ()) or parameter(new[0] if new else type(mod).forward)
    counts = [f"{len(hooks)} hook{'' if len(hooks) == 1 else 's'}" for hooks in (had, has)]
    after_words = f"{counts[1]}, others" if len(had) == len(has) else counts[1]
    return AttributeWritten(
        stack=stack, module=name, name=hooks_of(name), before=counts[0], after=after_words, kept=False
    )


_REGISTERING = ("register_forward_hook", "register_forward_pre_hook")
_REMOVING = ("remove",)
