"""External tensors: those that the model's code reaches through globals, closures, objects and hidden modules.

A hidden module is one that the model uses without holding it as a submodule. A draft runs the model, which may write to
external tensors, and restores them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.dispatch import outside_tracing
from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.tensors.subclasses import is_wrapper, with_inner

from .containers import is_container, parts_of

MOST_COPIED = 4_194_304
"""How many elements are copied in total to restore values. The memory of a tensor is restored whatever its size."""


@dataclass(slots=True)
class ExternalTensor:
    """One tensor, as it was."""

    name: str
    tensor: torch.Tensor
    memory: torch.Tensor
    """An alias of the memory that the tensor had."""
    content: torch.Tensor | None
    """A copy of its values. They are compared, because the tensor's version does not show every write: the check on the
    example runs the program, which writes to the same memory."""

    def restore(self) -> None:
        """Restores the memory, which `x.data = ...` replaces, and the values in it. Idempotent."""
        with outside_tracing(), torch.no_grad():
            if _memory(self.tensor) != _memory(self.memory):
                self.tensor.data = self.memory
            if self.content is not None and not torch.equal(self.memory, self.content):
                self.memory.copy_(self.content)


def _memory(tensor: torch.Tensor) -> Any:
    if isinstance(tensor, FakeTensor) or tensor.device.type == "meta":
        return None
    return tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.shape, tensor.stride(), tensor.dtype


def external_tensors(mod: torch.nn.Module, named: Iterable[tuple[str, Any]]) -> list[ExternalTensor]:
    """The tensors in the values of `named`, except those of `mod` itself."""
    own = {id(tensor) for tensor in with_inner([*mod.parameters(), *mod.buffers()])}
    found: list[ExternalTensor] = []
    room = MOST_COPIED
    for name, tensor in _in_memory(_tensors(named)):
        if id(tensor) in own or not _can_be_restored(tensor):
            continue
        own.add(id(tensor))
        fits = tensor.numel() <= room
        room -= tensor.numel() if fits else 0
        alias = tensor.detach()
        found.append(ExternalTensor(name, tensor, alias, alias.clone() if fits else None))
    return found


def hidden_modules(mod: torch.nn.Module, named: Iterable[tuple[str, Any]]) -> dict[str, torch.nn.Module]:
    """The modules in the values of `named` that are no submodules of `mod`."""
    own = {id(module) for module in mod.modules()}
    found: dict[str, torch.nn.Module] = {}
    for name, value in named:
        for part in _parts(value):
            if isinstance(part, torch.nn.Module) and id(part) not in own:
                own.update(id(module) for module in part.modules())
                found[name] = part
    return found


def _tensors(named: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in named:
        for part in _parts(value):
            if isinstance(part, torch.Tensor):
                yield name, part
            elif isinstance(part, torch.nn.Module):
                tensors = (*part.named_parameters(), *part.named_buffers())
                yield from ((f"{name}.{inner}", tensor) for inner, tensor in tensors)


def _in_memory(tensors: Iterable[tuple[str, torch.Tensor]]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors, and in the place of each wrapper the tensors in it, which have its memory."""
    for name, tensor in tensors:
        yield from ((name, part) for part in with_inner([tensor]) if not is_wrapper(part))


def _parts(value: Any) -> Iterable[Any]:
    return parts_of(value) if is_container(value) else (value,)


def _can_be_restored(tensor: torch.Tensor) -> bool:
    uninitialized = isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin)
    if uninitialized or isinstance(tensor, FakeTensor) or tensor.device.type == "meta" or tensor.is_inference():
        return False
    return tensor.layout is torch.strided and not tensor.is_nested and not tensor.is_quantized
