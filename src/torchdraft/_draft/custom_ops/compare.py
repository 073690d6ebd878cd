"""Compares what a fake kernel said with what the real one did, in numbers.

A symbol is never compared: that would make a guard of the program. Each is replaced by its value on the example, which
the tape knows; a symbol that the fake kernel itself made takes the value that its first appearance gives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import sympy
import torch

from torchdraft._tape.errors import NoRealValue
from torchdraft._torch.fake import same_storage
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

from .fresh_symbols import expression, free

if TYPE_CHECKING:
    from torchdraft._draft.tracing.fake_mode import DraftMode


class Given(NamedTuple):
    """One run of an op: its arguments and what came out."""

    args: Any
    kwargs: Any
    out: Any


def differences(mode: DraftMode, fake: Given, real: Given, fresh: list[Any]) -> list[str]:
    """Every way in which the fake outputs differ from the real ones; empty where the kernels agree."""
    numbers = Numbers(mode, fresh)
    said, did = flat_outputs(fake.out), flat_outputs(real.out)
    if len(said) != len(did):
        return [f"{len(said)} outputs, really {len(did)}"]
    several = len(did) > 1
    found: list[str] = []
    for index, (left, right) in enumerate(zip(said, did, strict=True)):
        where = f"output {index}: " if several else ""
        found += [where + text for text in _of_output(left, right, numbers)]
    if not found:
        found = [*_of_aliases(fake, real), *numbers.broken()]
    return found


def _of_output(said: Any, did: Any, numbers: Numbers) -> Iterator[str]:
    if isinstance(did, torch.Tensor) and isinstance(said, torch.Tensor):
        yield from _of_tensor(said, did, numbers)
    elif isinstance(did, torch.Tensor) or isinstance(said, torch.Tensor) or (said is None) != (did is None):
        yield f"{_kind(said)}, really {_kind(did)}"
    elif did is not None:
        value = numbers.settle(said, did)
        if value is not None and value != did:
            yield f"the number {value}, really {did}"


def _of_tensor(said: torch.Tensor, did: torch.Tensor, numbers: Numbers) -> Iterator[str]:
    for name in ("dtype", "device", "layout"):
        left, right = getattr(said, name), getattr(did, name)
        if left != right:
            yield f"{name} {_short(left)}, really {_short(right)}"
    if said.dim() != did.dim():
        yield f"rank {said.dim()}, really {did.dim()}"
        return
    sizes = [numbers.settle(s, r) for s, r in zip(said.shape, did.shape, strict=True)]
    if any(s is not None and s != r for s, r in zip(sizes, did.shape, strict=True)):
        shown = ["?" if s is None else s for s in sizes]
        yield f"shape {_list(shown)}, really {list(did.shape)}"
    elif said.layout is did.layout is torch.strided:
        yield from _of_strides(said, did, numbers)


def _of_strides(said: torch.Tensor, did: torch.Tensor, numbers: Numbers) -> Iterator[str]:
    """Strides of dimensions longer than 1 (the others mean nothing). An offset into the storage is no difference: what
    a kernel allocates around its output is its own affair.
    """
    if did.numel() == 0:
        return
    matter = [d for d in range(did.dim()) if did.shape[d] > 1]
    strides = [numbers.settle(said.stride(d), did.stride(d)) for d in matter]
    if any(s is not None and s != did.stride(d) for s, d in zip(strides, matter, strict=True)):
        values = [numbers.value(s) for s in said.stride()]
        yield f"strides {_list(['?' if v is None else v for v in values])}, really {list(did.stride())}"


def _of_aliases(fake: Given, real: Given) -> Iterator[str]:
    """Outputs that look at an argument's data, or at each other's, on one side only."""
    fake_args, real_args = tensors_in((fake.args, fake.kwargs)), tensors_in((real.args, real.kwargs))
    said, did = flat_outputs(fake.out), flat_outputs(real.out)
    for index, (left, right) in enumerate(zip(said, did, strict=True)):
        if not isinstance(right, torch.Tensor):
            continue
        where = f"output {index}" if len(did) > 1 else "the output"
        says = {i for i, a in enumerate(fake_args) if same_storage(a, left)}
        does = {i for i, a in enumerate(real_args) if same_storage(a, right)}
        for i in sorted(says - does):
            yield f"{where} shares memory with tensor argument {i}, really it does not"
        for i in sorted(does - says):
            yield f"{where} has memory of its own, really it shares that of tensor argument {i}"
        for other in range(index):
            if isinstance(did[other], torch.Tensor) and not does and not says:
                says_so, is_so = same_storage(said[other], left), same_storage(did[other], right)
                if says_so != is_so:
                    yield f"outputs {other} and {index} {'share' if says_so else 'do not share'} memory, really " + (
                        "they do" if is_so else "they do not"
                    )


class Numbers:
    """Values of symbolic numbers on the example."""

    def __init__(self, mode: DraftMode, fresh: list[Any]) -> None:
        self.env = mode.shape_env
        assert mode.context is not None
        self.reals = mode.context.reals
        self.fresh = set(fresh)
        self.learned: dict[Any, Any] = {}

    def settle(self, said: Any, did: Any) -> Any:
        """The value of `said`, where a lone fresh symbol takes the value `did`; None where nobody can tell."""
        expr = expression(said)
        if isinstance(expr, sympy.Eq) and expr.rhs == 1:  # a SymBool is written `u == 1`
            expr, did = expr.lhs, int(did)
            value = self.settle_symbol(expr, did)
            return None if value is None else bool(value)
        return self.settle_symbol(expr, did)

    def settle_symbol(self, expr: Any, did: Any) -> Any:
        """As `settle`, for an expression."""
        if isinstance(expr, sympy.Symbol) and expr in self.fresh and expr not in self.learned:
            self.learned[expr] = sympy.sympify(did)
        return self._number(expr)

    def value(self, said: Any) -> Any:
        """The value of a number on the example; None where nobody can tell."""
        return self._number(expression(said))

    def _number(self, expr: Any) -> Any:
        if not isinstance(expr, sympy.Basic):
            return expr
        expr = expr.xreplace(self.learned)
        for symbol in free(expr):
            if symbol not in self.env.backed_var_to_val and symbol not in self.fresh:
                try:
                    self.reals.symbol(self.env.renamed_from.get(symbol, symbol))
                except NoRealValue:
                    return None
        expr = self.reals.symbols.substitute(expr)
        if free(expr):
            return None
        return int(expr) if expr.is_integer else float(expr) if expr.is_number else bool(expr)

    def broken(self) -> Iterator[str]:
        """Ranges and checks that the fake kernel put on its own symbols and the real output does not keep."""
        for symbol, value in self.learned.items():
            bounds = self.env.var_to_range.get(symbol)
            if bounds is not None and value.is_number and not (bounds.lower <= value <= bounds.upper):
                yield f"a size from {bounds.lower} to {bounds.upper}, really {value}"
                continue
            for check in self.env.deferred_runtime_asserts.get(symbol, ()):
                if self._number(check.expr) == 0:
                    yield f"a size {symbol} with {check.expr}, really {symbol} is {value}"


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return "a tensor"
    if value is None:
        return "None"
    kinds: dict[type, str] = {torch.SymInt: "int", torch.SymFloat: "float", torch.SymBool: "bool"}
    return f"a {kinds.get(type(value), type(value).__name__)}"


def _short(value: Any) -> str:
    return str(value).removeprefix("torch.")


def _list(values: list[Any]) -> str:
    """Numbers only: a symbol's name would make two calls of one line two issues."""
    return f"[{', '.join(map(str, values))}]"
