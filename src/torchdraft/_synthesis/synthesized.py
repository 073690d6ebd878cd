"""A fake kernel that was written, with what is known about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch


class SynthesisError(ValueError):
    """No fake kernel can be written: the operator cannot be run, or what it returns follows no rule that was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizedKernel:
    """A fake kernel, with what is known about it. `str()` is the source."""

    op: str
    """`namespace::name`."""
    source: str
    """Python code that registers the kernel. It needs `import torch`, and the operator to be defined before."""
    exact: bool
    """Whether each size follows from the inputs, or was seen to depend on data. False if a relation was not found, if
    some structure of calls was not learned, or if a test failed."""
    data_dependent: bool
    """Whether a size or number depends on data, so that the kernel makes an unbacked symbol for it."""
    domain: tuple[str, ...] = ()
    """Where the kernel holds, beside the observed ranks and options. It raises elsewhere."""
    open_sizes: tuple[str, ...] = ()
    """The sizes that the kernel leaves open, and the ranges that were seen."""
    calls: tuple[str, ...] = ()
    """The given calls."""
    runs: int = 0
    """How many calls of the real kernel were made."""
    crashes: int = 0
    """How many of them ended the process, or exceeded their time."""
    failures: tuple[str, ...] = ()
    """The tests that the kernel fails."""
    checks: tuple[tuple[str, str], ...] = ()
    """Each test, and its outcome."""
    existing: str = "missing"
    """The fake kernel that the operator has: `missing`, `right` on all calls, or `wrong`."""
    counterexample: str = ""
    """The smallest call on which the existing kernel is wrong, and what differs."""
    kernel: Callable[..., Any] | None = field(default=None, compare=False, repr=False)
    """The function, not registered."""
    unchecked: Callable[..., Any] | None = field(default=None, compare=False, repr=False)
    """The same without the conditions on sizes of its domain, for a program that compares the sizes anyway."""

    def __str__(self) -> str:
        return self.source

    def register(self, *, lib: Any = None) -> None:
        """Registers the kernel in this process, in place of an existing one. `lib` limits its life, as in torch."""
        torch.library.register_fake(self.op, self.kernel, lib=lib, allow_override=True)
