"""The user's tensors during a trace: inputs, parameters and buffers, and what the model did to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from torchdraft._stack.user_stack import here, user_stack
from torchdraft._tape.tape import Record
from torchdraft._torch.tensors.subclasses import is_subclassed, with_class_of
from torchdraft.model.events import Frame


class UserTensors:
    """The tensors that a draft was given. A trace has fake tensors in their place; the tape knows which is which."""

    def __init__(self) -> None:
        self.tensors: list[torch.Tensor] = []
        """Inputs, parameters and buffers, as the caller has them."""
        self.model: torch.nn.Module | None = None
        self.input_names: dict[int, str] = {}
        """Identity of a tape cell → the input in it, as the caller names it: `batch['ids']`."""
        self.first_writes: dict[int, tuple[Frame, ...]] = {}
        """Identity of a tape cell → the line that first wrote to it."""
        self.rebound: list[tuple[torch.Tensor, torch.Tensor]] = []
        """For each tensor that got other memory (`x.data = ...`): an alias of the old memory, and the tensor."""
        self.rebound_and_shared: list[torch.Tensor] = []
        """Those of them whose old memory another of the user's tensors shares."""
        self.surrogate_locations: dict[int, dict[str, Any]] = {}
        """Identity of a weight without data → where its seeded surrogate was first computed with."""
        self._subclassed: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def named_weights(self) -> Iterator[tuple[str, torch.Tensor]]:
        """The parameters and buffers, as the code of the model names them."""
        if self.model is not None:
            for name, tensor in [*self.model.named_parameters(), *self.model.named_buffers()]:
                yield f"self.{name}", tensor

    def note_subclass(self, fake: torch.Tensor, real: torch.Tensor) -> None:
        """Remembers the tensor subclass of `real`; the fake tensor in its place is a plain one."""
        if is_subclassed(real):
            self._subclassed[id(fake)] = (fake, real)

    def has_subclasses(self) -> bool:
        """Whether a tensor of a subclass is among them, which the trace sees as a plain tensor."""
        return bool(self._subclassed)

    def in_user_subclass(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """`real`, the data behind `fake`, in the class of the tensor that the caller gave."""
        known = self._subclassed.get(id(fake))
        return real if known is None else with_class_of(real, known[1])

    def note_writes(self, record: Record) -> None:
        """Remembers the line of the first write to each of the user's tensors that `record` writes to."""
        for operand in record.writes:
            cell = operand.handle.cell
            if operand.version.origin is None and id(cell) not in self.first_writes:
                self.first_writes[id(cell)] = user_stack()

    def note_rebinding(self, target: torch.Tensor, *, shared: bool) -> None:
        """`target` is about to get other memory. `shared`: another of the user's tensors shares its old memory."""
        self.rebound.append((target.detach(), target))
        if shared:
            self.rebound_and_shared.append(target)

    def note_surrogate(self, weight: torch.Tensor) -> None:
        """A seeded surrogate was computed with in the place of `weight`, which has no data."""
        self.surrogate_locations[id(weight)] = here()
