"""Symbols per graph: a guard that is asserted inside a branch says nothing outside of it.

A fake tensor memoizes the symbol that its first `item()` (or `nonzero()`, `unique()`) created, and returns it again. If
the first call is in a `torch.cond` branch, the assertion about the symbol is in that branch's graph and runs only with
the branch. The same guard after the operator, or in the other branch, would find the symbol already decided and
assert nothing. Therefore the memos are cleared whenever the trace enters another graph.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch

from torchdraft._torch.dispatch import current_tracer
from torchdraft._torch.symbolic.fake import FakeTensor, clear_symbol_memos


class SymbolScopes:
    """Knows which graph is being traced, and which fake tensors hold memos of symbols created in it."""

    def __init__(self) -> None:
        self.current: Any = None
        self._with_memos: list[weakref.ref[torch.Tensor]] = []

    def visit(self) -> None:
        """Called before each operation. Clears the memos when the trace has entered another graph."""
        tracer = current_tracer()
        if tracer is None or tracer is self.current:
            return
        self.leave()
        self.current = tracer

    def leave(self) -> None:
        """Clears the memos. Called before and after a control flow operator, whose rule runs its branches again."""
        self.current = None
        for ref in self._with_memos:
            tensor = ref()
            if tensor is not None:
                clear_symbol_memos(tensor)
        self._with_memos.clear()

    def read(self, tensors: Iterable[torch.Tensor]) -> None:
        """Symbols were created from these tensors."""
        self._with_memos.extend(weakref.ref(t) for t in tensors if isinstance(t, FakeTensor))
