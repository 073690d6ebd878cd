"""Infers fake outputs from real ones.

Rank, dtype, device, layout and the order of the dimensions in memory are those of the real run. Every size is a fresh
unbacked symbol, since one run does not determine it; the tape knows its value. Strides of tensors that are not dense
are symbols too, so that a decision about them becomes a guard of the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from torchdraft._torch.graph.nodes import has_plain_memory, plain_surrogate
from torchdraft._torch.symbolic.fake import allocate_size

from .compare import Numbers
from .fresh_symbols import expression

if TYPE_CHECKING:
    from .op_call import OpCall


class Inference:
    """Creates the fake outputs of one call. `plain`: plain tensors represent those that no fake tensor can."""

    def __init__(self, call: OpCall, *, plain: bool = False) -> None:
        self.mode = call.mode
        self.plain = plain
        self.env = call.env
        self.func = call.func
        self.numbers = Numbers(call, [])
        self.written = written_arguments(call.func, call.args, call.kwargs)

    def outputs(self, real: Any, fake: Any = None) -> Any:
        """Fake counterparts of real outputs. Sizes of the fake kernel's outputs `fake` that are right are used."""
        if len(self.written) == 1 and not isinstance(real, (list, tuple)):
            return self.written[0] if self.written[0] is not None else self._output(real, fake)
        if isinstance(real, (list, tuple)) and len(self.written) == len(real):
            pairs = zip(self.written, real, _outputs_or_none(fake, len(real)), strict=True)
            outputs = [w if w is not None else self._output(r, s) for w, r, s in pairs]
            return type(real)(outputs) if type(real) in (list, tuple) else tuple(outputs)
        return self._output(real, fake)

    def _output(self, real: Any, fake: Any) -> Any:
        if isinstance(real, torch.Tensor):
            return self._tensor(real, fake if isinstance(fake, torch.Tensor) else None)
        if isinstance(real, (list, tuple)):
            outputs = [self._output(r, s) for r, s in zip(real, _outputs_or_none(fake, len(real)), strict=True)]
            return outputs if isinstance(real, list) else tuple(outputs)
        if isinstance(real, int) and not isinstance(real, bool) and carries_symbols(self.func):
            return self.env.create_unbacked_symint()
        return real

    def _tensor(self, real: torch.Tensor, fake: torch.Tensor | None) -> Any:
        options = {"dtype": real.dtype, "device": real.device}
        if self.plain and real.layout is not torch.sparse_coo and not has_plain_memory(real):
            with self.mode:
                return plain_surrogate(real)
        if real.layout is not torch.strided:  # sparse sizes cannot be symbols; the program asserts these
            with self.mode:
                return torch.empty(real.shape, layout=real.layout, **options)
        sizes = self._sizes(real, fake)
        with self.mode:
            if real.is_contiguous():
                return torch.empty(sizes, **options)
            return torch.empty_strided(sizes, self._strides(real, sizes), **options)

    def _sizes(self, real: torch.Tensor, fake: torch.Tensor | None) -> list[Any]:
        """A fresh symbol for each dimension, equal to the fake kernel's size where that is right."""
        if fake is None or fake.dim() != real.dim():
            return [allocate_size(self.env) for _ in real.shape]
        return [self._size(s, r) for s, r in zip(fake.shape, real.shape, strict=True)]

    def _size(self, fake: Any, real: int) -> Any:
        """A fresh symbol, asserted to equal the fake kernel's size where that is a number or one symbol, and right on
        the example. With an expression in its place the program could not be loaded.
        """
        fresh = allocate_size(self.env)
        single = isinstance(fake, int) or expression(fake).is_symbol
        if single and self.numbers.value(fake) == real:
            torch._check(fresh == fake)
        return fresh

    def _strides(self, real: torch.Tensor, sizes: list[Any]) -> list[Any]:
        """Strides in the order of the real ones: products of sizes while the real ones are dense, symbols elsewhere."""
        strides: list[Any] = [0] * real.dim()
        expected: Any = 1
        dense = 1
        for dim in sorted(range(real.dim()), key=lambda d: (real.stride(d), -d)):
            if real.stride(dim) == 0 and real.shape[dim] > 1:
                continue  # an expanded dimension
            if real.stride(dim) != dense and real.shape[dim] > 1:
                expected, dense = allocate_size(self.env), real.stride(dim)
            strides[dim] = expected
            expected = expected * sizes[dim]
            dense = dense * real.shape[dim]
        return strides


def carries_symbols(func: Any) -> bool:
    """Whether an integer output reaches Python as a symbol: the dispatcher converts every symbolic result that the
    schema does not call `SymInt` (an int, a float, a bool, a list of integers) to plain numbers.
    """
    kinds = (result.real_type for result in func._schema.returns)
    return all(k.kind() == "SymIntType" or str(k) in ("Tensor", "Optional[Tensor]") for k in kinds)


def _outputs_or_none(fake: Any, count: int) -> list[Any]:
    """The outputs of the fake kernel; None for each where it returned another number of them."""
    return list(fake) if isinstance(fake, (list, tuple)) and len(fake) == count else [None] * count


def written_arguments(func: Any, args: Any, kwargs: Any) -> list[Any]:
    """Per output: the argument that it is, for in-place and `out=` operators by their schemas; None for others."""
    schema = func._schema
    arguments = {}
    for position, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = args[position] if position < len(args) else kwargs.get(argument.name)
            if isinstance(given, torch.Tensor):
                arguments.update(dict.fromkeys(argument.alias_info.before_set, given))
    found = []
    for result in schema.returns:
        alias = result.alias_info
        names = alias.before_set if alias is not None and alias.is_write else ()
        found.append(next((arguments[n] for n in names if n in arguments), None))
    return found
