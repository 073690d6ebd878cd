"""What is learnt of a number inside a branch must not be taken for known outside of it.

A fake tensor remembers the symbol its first `item()` (or `nonzero()`, `unique()`) made and gives it again. If the first
was in a `torch.cond` branch, the assertion about it stands in that branch's graph, where it only runs when the branch
does; the same question after the operator, or in the other branch, would be taken for answered. So each graph being
traced reads its own symbols.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch

from torchdraft._torch.dispatch import current_tracer
from torchdraft._torch.fake import FakeTensor, clear_symbol_memos


class SymbolScopes:
    """Knows in which graph the trace is, and which tensors remember symbols read there."""

    def __init__(self) -> None:
        self.current: Any = None
        self._remembering: list[weakref.ref[torch.Tensor]] = []

    def visit(self) -> None:
        """Called before each operation: on entering another graph, tensors forget the symbols they made."""
        tracer = current_tracer()
        if tracer is None or tracer is self.current:
            return
        self.leave()
        self.current = tracer

    def leave(self) -> None:
        """Called around a control flow operator, whose own rule runs the branches once more."""
        self.current = None
        for ref in self._remembering:
            tensor = ref()
            if tensor is not None:
                clear_symbol_memos(tensor)
        self._remembering.clear()

    def read(self, tensors: Iterable[torch.Tensor]) -> None:
        """Symbols were made of `tensors`."""
        self._remembering.extend(weakref.ref(t) for t in tensors if isinstance(t, FakeTensor))
