"""Tensors around a model that are no parts of it: what globals, closures, objects, and modules that it uses without
holding them as submodules have. A draft runs the model, and puts their memory and numbers back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.dispatch import outside_tracing
from torchdraft._torch.fake import FakeTensor

from .containers import is_container, parts_of

MOST_COPIED = 4_194_304
"""Elements that are copied at most, so that what was written can be put back; the memory itself is for any tensor."""


@dataclass(slots=True)
class ExternalTensor:
    """One tensor as it was."""

    name: str
    tensor: torch.Tensor
    memory: torch.Tensor
    """A look at the memory it had."""
    content: torch.Tensor | None
    """Its numbers. They are compared: the program writes to them too, and the tensor's version does not tell."""

    def restore(self) -> None:
        """Its memory, where it got other (`x.data = ...`), and the numbers in it, where they were written to."""
        with outside_tracing(), torch.no_grad():
            if _memory(self.tensor) != _memory(self.memory):
                self.tensor.data = self.memory
            if self.content is not None and not torch.equal(self.memory, self.content):
                self.memory.copy_(self.content)


def _memory(tensor: torch.Tensor) -> Any:
    if isinstance(tensor, FakeTensor) or tensor.device.type == "meta":
        return None
    return tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.shape, tensor.stride(), tensor.dtype


def external_tensors(mod: torch.nn.Module, held: Iterable[tuple[str, Any]]) -> list[ExternalTensor]:
    """The tensors in what is `held` around `mod`, by name; not those of `mod` itself."""
    own = {id(tensor) for tensor in (*mod.parameters(), *mod.buffers())}
    found: list[ExternalTensor] = []
    room = MOST_COPIED
    for name, tensor in _tensors(held):
        if id(tensor) in own or not _can_be_kept(tensor):
            continue
        own.add(id(tensor))
        fits = tensor.numel() <= room
        room -= tensor.numel() if fits else 0
        look = tensor.detach()
        found.append(ExternalTensor(name, tensor, look, look.clone() if fits else None))
    return found


def hidden_modules(mod: torch.nn.Module, held: Iterable[tuple[str, Any]]) -> dict[str, torch.nn.Module]:
    """Modules in what is `held` that are no submodules of `mod`, by name."""
    own = {id(module) for module in mod.modules()}
    found: dict[str, torch.nn.Module] = {}
    for name, value in held:
        for part in _parts(value):
            if isinstance(part, torch.nn.Module) and id(part) not in own:
                own.update(id(module) for module in part.modules())
                found[name] = part
    return found


def _tensors(held: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in held:
        for part in _parts(value):
            if isinstance(part, torch.Tensor):
                yield name, part
            elif isinstance(part, torch.nn.Module):
                tensors = (*part.named_parameters(), *part.named_buffers())
                yield from ((f"{name}.{inner}", tensor) for inner, tensor in tensors)


def _parts(value: Any) -> Iterable[Any]:
    return parts_of(value) if is_container(value) else (value,)


def _can_be_kept(tensor: torch.Tensor) -> bool:
    uninitialized = isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin)
    if uninitialized or isinstance(tensor, FakeTensor) or tensor.device.type == "meta" or tensor.is_inference():
        return False
    return tensor.layout is torch.strided and not tensor.is_nested and not tensor.is_quantized
