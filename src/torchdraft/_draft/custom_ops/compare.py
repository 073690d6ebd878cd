"""Compares the outputs of a fake kernel with those of the real one.

Symbols are replaced by their values on the example, which the tape knows: a comparison of symbols would add guards to
the program. A symbol that the fake kernel created gets the real value at its first occurrence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import sympy
import torch

from torchdraft._tape.errors import NoRealValue
from torchdraft._torch.symbolic.fake import same_storage
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

from .fresh_symbols import expression, free_symbols

if TYPE_CHECKING:
    from .op_call import OpCall


class OpResult(NamedTuple):
    """The arguments and the outputs of an operator, fake or real."""

    args: Any
    kwargs: Any
    out: Any


def differences(call: OpCall, fake: OpResult, real: OpResult, fresh: list[Any]) -> list[str]:
    """Each difference between fake and real outputs as text. `fresh`: the symbols that the fake kernel created."""
    numbers = Numbers(call, fresh)
    left_outputs, right_outputs = flat_outputs(fake.out), flat_outputs(real.out)
    if len(left_outputs) != len(right_outputs):
        return [f"{len(left_outputs)} outputs, really {len(right_outputs)}"]
    several = len(right_outputs) > 1
    found: list[str] = []
    for index, (left, right) in enumerate(zip(left_outputs, right_outputs, strict=True)):
        where = f"output {index}: " if several else ""
        found += [where + text for text in _of_output(left, right, numbers)]
    if not found:
        found = [*_of_aliases(fake, real), *numbers.broken()]
    return found


def _of_output(fake: Any, real: Any, numbers: Numbers) -> Iterator[str]:
    if isinstance(real, torch.Tensor) and isinstance(fake, torch.Tensor):
        yield from _of_tensor(fake, real, numbers)
    elif isinstance(real, torch.Tensor) or isinstance(fake, torch.Tensor) or (fake is None) != (real is None):
        yield f"{_kind(fake)}, really {_kind(real)}"
    elif real is not None:
        value = numbers.value_given(fake, real)
        if value is not None and value != real:
            yield f"the number {value}, really {real}"


def _of_tensor(fake: torch.Tensor, real: torch.Tensor, numbers: Numbers) -> Iterator[str]:
    for name in ("dtype", "device", "layout"):
        left, right = getattr(fake, name), getattr(real, name)
        if left != right:
            yield f"{name} {_short(left)}, really {_short(right)}"
    if fake.dim() != real.dim():
        yield f"rank {fake.dim()}, really {real.dim()}"
        return
    sizes = [numbers.value_given(s, r) for s, r in zip(fake.shape, real.shape, strict=True)]
    if any(s is not None and s != r for s, r in zip(sizes, real.shape, strict=True)):
        shown = ["?" if s is None else s for s in sizes]
        yield f"shape {_list(shown)}, really {list(real.shape)}"
    elif fake.layout is real.layout is torch.strided:
        yield from _of_strides(fake, real, numbers)


def _of_strides(fake: torch.Tensor, real: torch.Tensor, numbers: Numbers) -> Iterator[str]:
    """Strides of dimensions longer than 1; those of the others have no effect. A storage offset is no difference: a
    kernel may allocate more than its output.
    """
    if real.numel() == 0:
        return
    dims = [d for d in range(real.dim()) if real.shape[d] > 1]
    strides = [numbers.value_given(fake.stride(d), real.stride(d)) for d in dims]
    if any(s is not None and s != real.stride(d) for s, d in zip(strides, dims, strict=True)):
        values = [numbers.value(s) for s in fake.stride()]
        yield f"strides {_list(['?' if v is None else v for v in values])}, really {list(real.stride())}"


def _of_aliases(fake: OpResult, real: OpResult) -> Iterator[str]:
    """Outputs that share memory with an argument, or with each other, only in the fake or only in the real run."""
    fake_args, real_args = tensors_in((fake.args, fake.kwargs)), tensors_in((real.args, real.kwargs))
    fake_outputs, real_outputs = flat_outputs(fake.out), flat_outputs(real.out)
    for index, (left, right) in enumerate(zip(fake_outputs, real_outputs, strict=True)):
        if not isinstance(right, torch.Tensor):
            continue
        where = f"output {index}" if len(real_outputs) > 1 else "the output"
        in_fake = {i for i, a in enumerate(fake_args) if same_storage(a, left)}
        in_real = {i for i, a in enumerate(real_args) if same_storage(a, right)}
        for i in sorted(in_fake - in_real):
            yield f"{where} shares memory with tensor argument {i}, really it does not"
        for i in sorted(in_real - in_fake):
            yield f"{where} has memory of its own, really it shares that of tensor argument {i}"
        for other in range(index):
            if isinstance(real_outputs[other], torch.Tensor) and not in_fake and not in_real:
                fake_shares = same_storage(fake_outputs[other], left)
                real_shares = same_storage(real_outputs[other], right)
                if fake_shares != real_shares:
                    yield (
                        f"outputs {other} and {index} {'share' if fake_shares else 'do not share'} memory, "
                        f"really they do{'' if real_shares else ' not'}"
                    )


class Numbers:
    """Values of symbolic numbers on the example."""

    def __init__(self, call: OpCall, fresh: list[Any]) -> None:
        self.env = call.env
        self.reals = call.context.reals
        self.fresh = set(fresh)
        self.values: dict[Any, Any] = {}

    def value_given(self, fake: Any, real: Any) -> Any:
        """The value of `fake`, or None where it is unknown. A fresh symbol without a value gets the value `real`."""
        expr = expression(fake)
        if isinstance(expr, sympy.Eq) and expr.rhs == 1:  # a SymBool is written `u == 1`
            expr, real = expr.lhs, int(real)
            value = self._value_of(expr, real)
            return None if value is None else bool(value)
        return self._value_of(expr, real)

    def _value_of(self, expr: Any, real: Any) -> Any:
        """As `value_given`, for an expression."""
        if isinstance(expr, sympy.Symbol) and expr in self.fresh and expr not in self.values:
            self.values[expr] = sympy.sympify(real)
        return self._number(expr)

    def value(self, fake: Any) -> Any:
        """The value of a number on the example; None where it is unknown."""
        return self._number(expression(fake))

    def _number(self, expr: Any) -> Any:
        if not isinstance(expr, sympy.Basic):
            return expr
        expr = expr.xreplace(self.values)
        for symbol in free_symbols(expr):
            if symbol not in self.env.backed_var_to_val and symbol not in self.fresh:
                try:
                    self.reals.symbol(self.env.renamed_from.get(symbol, symbol))
                except NoRealValue:
                    return None
        expr = self.reals.symbols.substitute(expr)
        if free_symbols(expr):
            return None
        return int(expr) if expr.is_integer else float(expr) if expr.is_number else bool(expr)

    def broken(self) -> Iterator[str]:
        """Ranges and conditions on symbols of the fake kernel that the real output violates."""
        for symbol, value in self.values.items():
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
    """The values are numbers: with names of symbols, two calls on one line would be two issues."""
    return f"[{', '.join(map(str, values))}]"
