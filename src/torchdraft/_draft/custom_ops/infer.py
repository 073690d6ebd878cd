"""Fake outputs made from real ones.

What one run cannot tell stays open: every size is a fresh unbacked symbol, whose value the tape knows. Rank, dtype,
device and layout are taken from the run, and so is the order of the dimensions in memory. Strides that no dense tensor
has are symbols too, so that a question about them is a guard of the program instead of a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from torchdraft._torch.fake import allocate_size
from torchdraft._torch.graph_nodes import has_plain_memory, plain_surrogate

from .compare import Numbers
from .fresh_symbols import expression

if TYPE_CHECKING:
    from torchdraft._draft.tracing.fake_mode import DraftMode
    from torchdraft._tape.tape import Record


class Inference:
    """Makes the fake outputs of one call of an op. `plain`: a plain tensor stands in for one no fake tensor is like."""

    def __init__(self, mode: DraftMode, record: Record, args: Any, kwargs: Any, *, plain: bool = False) -> None:
        self.mode = mode
        self.plain = plain
        self.env = mode.shape_env
        self.func = record.func
        self.numbers = Numbers(mode, [])
        self.written = written_arguments(record.func, args, kwargs)

    def outputs(self, real: Any, said: Any = None) -> Any:
        """Fake counterparts of real outputs. `said` is the fake kernel's word: what it got right is kept."""
        if len(self.written) == 1 and not isinstance(real, (list, tuple)):
            return self.written[0] if self.written[0] is not None else self._output(real, said)
        if isinstance(real, (list, tuple)) and len(self.written) == len(real):
            pairs = zip(self.written, real, _parts(said, len(real)), strict=True)
            made = [w if w is not None else self._output(r, s) for w, r, s in pairs]
            return type(real)(made) if type(real) in (list, tuple) else tuple(made)
        return self._output(real, said)

    def _output(self, real: Any, said: Any) -> Any:
        if isinstance(real, torch.Tensor):
            return self._tensor(real, said if isinstance(said, torch.Tensor) else None)
        if isinstance(real, (list, tuple)):
            made = [self._output(r, s) for r, s in zip(real, _parts(said, len(real)), strict=True)]
            return made if isinstance(real, list) else tuple(made)
        if isinstance(real, int) and not isinstance(real, bool) and _carries_symbols(self.func):
            return self.env.create_unbacked_symint()
        return real

    def _tensor(self, real: torch.Tensor, said: torch.Tensor | None) -> Any:
        options = {"dtype": real.dtype, "device": real.device}
        if self.plain and real.layout is not torch.sparse_coo and not has_plain_memory(real):
            with self.mode:
                return plain_surrogate(real)
        if real.layout is not torch.strided:  # sparse sizes can't be symbols; the program asserts these
            with self.mode:
                return torch.empty(real.shape, layout=real.layout, **options)
        sizes = self._sizes(real, said)
        with self.mode:
            if real.is_contiguous():
                return torch.empty(sizes, **options)
            return torch.empty_strided(sizes, self._strides(real, sizes), **options)

    def _sizes(self, real: torch.Tensor, said: torch.Tensor | None) -> list[Any]:
        """The fake kernel's sizes where they are right on the example, and fresh symbols elsewhere."""
        if said is None or said.dim() != real.dim():
            return [allocate_size(self.env) for _ in real.shape]
        return [self._size(s, r) for s, r in zip(said.shape, real.shape, strict=True)]

    def _size(self, said: Any, real: int) -> Any:
        """A fresh symbol. Where the fake kernel's number or lone symbol is right on the example the two are equal, and
        torch asserts it. (A compound expression in its place would make a program that can't be loaded.)
        """
        fresh = allocate_size(self.env)
        lone = isinstance(said, int) or expression(said).is_symbol
        if lone and self.numbers.value(said) == real:
            torch._check(fresh == said)
        return fresh

    def _strides(self, real: torch.Tensor, sizes: list[Any]) -> list[Any]:
        """Strides in the order of the real ones: products of sizes as long as those are dense, symbols from where they
        are not.
        """
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


def _carries_symbols(func: Any) -> bool:
    """Whether an integer output reaches Python as a symbol. The dispatcher turns every other symbolic result (float,
    bool, a list of integers) into a plain number on the way out.
    """
    return all(str(result.type) in ("int", "SymInt", "Tensor", "Optional[Tensor]") for result in func._schema.returns)


def _parts(said: Any, count: int) -> list[Any]:
    """The fake kernel's outputs one by one; nothing where it returned another number of them."""
    return list(said) if isinstance(said, (list, tuple)) and len(said) == count else [None] * count


def written_arguments(func: Any, args: Any, kwargs: Any) -> list[Any]:
    """Per output: the argument it is by the schema, which says so of in-place and `out=` operators; None for others."""
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
