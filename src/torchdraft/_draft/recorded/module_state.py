"""A module's tensors and its `forward`, for the real run of a module whose `forward` is replaced."""

from __future__ import annotations

from functools import partial

import torch

from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.symbolic.fake import FakeTensor


def fake_state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Dotted name → parameter or buffer, for those that are fake tensors. A shared tensor is listed by each name."""
    named = (
        *module.named_parameters(remove_duplicate=False),
        *module.named_buffers(remove_duplicate=False),
    )
    return {name: tensor for name, tensor in dict(named).items() if isinstance(tensor, FakeTensor)}


class ReplacedForward:
    """The replacement of a module's `forward`, stored in the module's `__dict__`."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self._own = module.__dict__.get("forward")
        self.__wrapped__ = module.forward  # `inspect.signature` shows the model's parameters

    def original_forward(self) -> Changes:
        """A context in which the module has its original `forward`."""

        def make(changes: Changes) -> None:
            attributes = self.module.__dict__
            if self._own is not None:
                changes.item(attributes, "forward", self._own)
            else:  # its class has the method
                changes.afterwards(partial(attributes.__setitem__, "forward", attributes["forward"]))
                del attributes["forward"]

        return Changes(make)
