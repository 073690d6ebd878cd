"""What `forward` puts in the place of a tensor it was given: a buffer assigned anew, an input or a parameter that gets
other memory (`x.data = ...`).

A program can't replace a tensor of its caller's. Where the new one fits, its values are copied into the old one when
forward ends; where it does not, the replacement is lost, and told. Export does the former itself, but for buffers of
the outermost module alone, and without looking whether the new one fits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.state.snapshot import MISSING, Snapshot
from torchdraft._torch import pytree
from torchdraft._torch.fake import same_storage

from .mutations import attribute_written, rebuilt_each_call

if TYPE_CHECKING:
    from torchdraft._draft.tracing.session import Session

Pair = tuple[torch.Tensor, torch.Tensor]
"""What was there, and what is to be there."""


class ReboundTensors:
    """The memories that were replaced so far."""

    def __init__(self) -> None:
        self._moved: list[Pair] = []
        self._shared: list[torch.Tensor] = []

    def moves(self, target: torch.Tensor, *, shared: bool) -> None:
        """`target`, a tensor of the caller's, is about to get other memory. `shared`: another one looks at the old."""
        self._moved.append((target.detach(), target))
        if shared:
            self._shared.append(target)

    def kept(self, target: torch.Tensor) -> bool | None:
        """Whether what the caller's `target` moved to is copied into its own memory. None if it did not move."""
        for was, now in self._moved:
            if now is target:
                return bool(_fitting(was, now)) and not any(now is other for other in self._shared)
        return None

    def write_back(self, mod: torch.nn.Module, session: Session, entry: Snapshot, output: Any) -> Any:
        """Ends forward: the caller's tensors get their new values, the module its old tables. `entry` is the state of
        the modules when forward began. Returns `output`, where what it still holds of old memory is a copy.
        """
        moved = [(was, now) for was, now in self._moved if self.kept(now)]
        pairs = [*moved, *_assigned(mod, session, entry)]
        old = [was for was, _ in pairs]
        output = pytree.tree_map_only(torch.Tensor, lambda t: _apart(t, old), output)
        for was, now in [(was, _apart(now, old)) for was, now in pairs]:
            was.detach().copy_(now.detach())
        return output


def _apart(tensor: torch.Tensor, old: list[torch.Tensor]) -> torch.Tensor:
    """`tensor`, or a copy of it where it looks at memory that is about to be written."""
    return tensor.clone() if any(same_storage(tensor, other) for other in old) else tensor


def _assigned(mod: torch.nn.Module, session: Session, entry: Snapshot) -> list[Pair]:
    """Puts the buffers and parameters of `entry` back in place. Returns those whose replacement fits."""
    pairs = []
    for prefix, state in entry.modules.items():
        for table in ("_buffers", "_parameters"):
            before, live = state.tables[table], state.module.__dict__[table]
            now = dict(live)
            for leaf in {**before, **now}:
                was, new = before.get(leaf, MISSING), now.get(leaf, MISSING)
                if was is new:
                    continue
                name = f"{prefix}.{leaf}" if prefix else leaf
                pair = _fitting(was, new)
                pairs.extend(pair)
                kept = any(one.dtype == other.dtype for one, other in pair)  # the program keeps the old dtype
                anew = table == "_buffers" and rebuilt_each_call(
                    session, name, was, new
                )  # a parameter is there to be changed
                written = attribute_written(mod, session, name, was, new, kept=kept)
                session.emit(replace(written, same_each_time=anew and not kept))
            if now.keys() != before.keys() or any(now[leaf] is not before[leaf] for leaf in now):
                live.clear()
                live.update(before)
    return pairs


def _fitting(was: Any, now: Any) -> list[Pair]:
    """The pair, if one tensor's memory can hold the other's values: of whatever dtype, by the sizes on the example."""
    if not isinstance(was, torch.Tensor) or not isinstance(now, torch.Tensor):
        return []
    same = was.device == now.device and was.layout is now.layout and was.dim() == now.dim()
    sizes = [(_number(a), _number(b)) for a, b in zip(was.shape, now.shape, strict=same)]
    return [(was, now)] if same and all(a == b and a is not None for a, b in sizes) else []


def _number(size: Any) -> int | None:
    """A size on the example without a guard; None for one that depends on data."""
    return size.node.hint if isinstance(size, torch.SymInt) else size
