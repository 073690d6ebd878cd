"""Patches for recording a real run with `make_fx`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import CodeType
from typing import Any

import torch

from torchdraft._torch.dispatch import proxy_mode
from torchdraft._torch.graph_nodes import _proxy_tensor, has_strides
from torchdraft._torch.probe import need
from torchdraft._torch.tensors.subclasses import _get_slot, _set_slot

from .registry import patched


@contextmanager
def any_layout_recorded() -> Iterator[None]:
    """The tracer notes each result's strides (`extract_val`), and stops at tensors that have none (sparse CSR, nested).

    Their nodes go without, as those of sparse COO tensors do.
    """
    own = _proxy_tensor.extract_val

    def extract_val(value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, torch.Tensor) and not has_strides(value):
            return None
        return own(value, *args, **kwargs)

    with patched(_proxy_tensor, "extract_val", extract_val):
        yield


_FLAGS = (
    (torch.compiler, "is_compiling"),
    (torch.compiler, "is_exporting"),
    (torch._utils, "is_compiling"),
    (need("torch._dynamo"), "is_compiling"),
    (need("torch.fx._symbolic_trace"), "is_fx_tracing"),
)


@contextmanager
def tracing_flags_answered(is_framework: Callable[[CodeType], bool], answer: Callable[[bool], bool]) -> Iterator[None]:
    """Code outside of torch that asks whether it is being traced is told `answer(torch's answer)`.

    torch asks too, to leave `torch.compile` out of a trace, and hears the truth. `is_fx_tracing` only makes it raise.
    """
    own = [(owner, name, getattr(owner, name)) for owner, name in _FLAGS]

    def answering(name: str, asked: Callable[[], bool]) -> Callable[[], bool]:
        def told() -> bool:
            if name != "is_fx_tracing" and is_framework(sys._getframe(1).f_code):
                return asked()
            return answer(asked())

        return told

    for owner, name, asked in own:
        setattr(owner, name, answering(name, asked))
    try:
        yield
    finally:
        for owner, name, asked in own:
            setattr(owner, name, asked)


def tracing_flags_hidden(is_framework: Callable[[CodeType], bool]) -> AbstractContextManager[None]:
    """Code that asks whether it is being traced hears no: a recorded run takes the path eager takes."""
    return tracing_flags_answered(is_framework, lambda _: False)


@contextmanager
def subclasses_recorded() -> Iterator[None]:
    """The tracer knows tensors by the Python object and hands operations on another class back to the class, which can
    do nothing with them. An object of a subclass stands for what the tensor it looks at stands for.
    """
    own = torch.Tensor.as_subclass

    def as_subclass(self: torch.Tensor, cls: Any) -> Any:
        made = own(self, cls)
        mode = proxy_mode()
        slot = None if mode is None or made is self else _get_slot(self, mode.tracer, None)
        if mode is not None and slot is not None:
            _set_slot(made, mode.tracer, slot)
        return made

    with patched(torch.Tensor, "as_subclass", as_subclass):
        yield
