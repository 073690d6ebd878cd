"""External tensors: those that the model holds beside its parameters and buffers, and those that its code reaches
through globals, closures and hidden modules.

A hidden module is one that the model uses without holding it as a submodule. A draft runs the model, which may write to
external tensors, and restores them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.dispatch import outside_tracing
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.tensors.nested import storage_key
from torchdraft._torch.tensors.subclasses import is_wrapper, with_inner

from .containers import is_container, parts_of
from .held_values import held_tensors

MOST_COPIED = 4_194_304
"""How many elements are copied in total to restore values that the model does not hold, and parameters of hidden
modules. The memory of a tensor is restored whatever its size."""


@dataclass(slots=True)
class ExternalTensor:
    """One tensor, as it was."""

    name: str
    tensor: torch.Tensor
    memory: torch.Tensor
    """An alias of the memory that the tensor had."""
    content: Any
    """A copy of the whole storage, None if it is too large. It is compared, because the tensor's version does not show
    every write: the check on the example runs the program, which writes to the same memory."""
    requires_grad: bool
    held_by_model: bool = False
    """Whether the model holds it, rather than its code's globals and closures."""

    def restore(self) -> None:
        """Restores the memory, which `x.data = ...` replaces, the bytes in it, and the place in autograd's graph, which
        a write of values with gradients changes. Idempotent.
        """
        with outside_tracing(), torch.no_grad():
            if _memory(self.tensor) != _memory(self.memory):
                self.tensor.data = self.memory
            if self.content is not None:
                _restore_storage(self.memory.untyped_storage(), self.content)
            if self.tensor.requires_grad and not self.requires_grad and not self.tensor._is_view():
                self.tensor.detach_()


def _restore_storage(storage: Any, content: Any) -> None:
    if storage.nbytes() != content.nbytes():
        storage.resize_(content.nbytes())
    if not torch.equal(_bytes(storage), _bytes(content)):
        storage.copy_(content)


def _bytes(storage: Any) -> torch.Tensor:
    return torch.empty(0, dtype=torch.uint8, device=storage.device).set_(storage)


def _memory(tensor: torch.Tensor) -> Any:
    if isinstance(tensor, FakeTensor) or tensor.device.type == "meta":
        return None
    return tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.shape, tensor.stride(), tensor.dtype


def external_tensors(mod: torch.nn.Module, named: Iterable[tuple[str, Any]]) -> list[ExternalTensor]:
    """The tensors that `mod` holds beside its parameters and buffers, and those in the values of `named`."""
    met = {id(tensor) for tensor in with_inner([*mod.parameters(), *mod.buffers()])}
    found: list[ExternalTensor] = []
    contents: dict[int, Any] = {}
    room = MOST_COPIED
    held = ((name, tensor, True) for name, tensor in _in_memory(held_tensors(mod)))
    around = ((name, tensor, False) for name, tensor in _in_memory(_tensors(named)))
    for name, tensor, of_model in (*held, *around):
        if id(tensor) in met or not _can_be_restored(tensor):
            continue
        met.add(id(tensor))
        key = storage_key(tensor)
        if key not in contents:
            state = of_model and not isinstance(tensor, torch.nn.Parameter)
            fits = state or tensor.numel() <= room
            room -= tensor.numel() if fits and not state else 0
            contents[key] = tensor.untyped_storage().clone() if fits else None
        found.append(ExternalTensor(name, tensor, tensor.detach(), contents[key], tensor.requires_grad, of_model))
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
