"""Where symbols come from: the input whose size they are, or the operation and the line that made them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import torch

from torchdraft._source.input_names import in_caller_terms
from torchdraft._source.symbolic.expressions import has_source, in_user_terms
from torchdraft._stack.user_stack import user_walk
from torchdraft._tape.tape import Record, View
from torchdraft.model.events import SymbolOrigin


class SymbolOrigins:
    """The origins of the symbols of one trace."""

    def __init__(self) -> None:
        self.shape_env: Any = None
        """The environment that makes the symbols; set by the trace context."""
        self.input_names: dict[Any, str] = {}
        """Symbol → the input it is a size of, where that has another name than the shape environment knows."""
        self.computed: Callable[[Any, SymbolOrigin], str] | None = None
        """Symbol and origin → how it was computed, as Python; set by the trace context."""
        self._made: dict[Any, SymbolOrigin] = {}
        self._without_source: dict[Any, SymbolOrigin] = {}

    def note(self, symbols: Iterable[Any], record: Record, out: Any) -> None:
        """Records that the operation of `record` made unbacked `symbols`, which stand somewhere in its output `out`."""
        walk, truth = user_walk(), isinstance(out, torch.SymBool)
        for symbol in symbols:
            part = path_of_symbol(out, symbol) or element_read(record)
            self._made.setdefault(
                symbol,
                SymbolOrigin(op=str(record.func), stack=walk.stack, part=part, truth=truth, inside=walk.inside),
            )

    def created_as(self, symbol: Any) -> Any:
        """The symbol that `symbol` was created as, before the shape environment renamed it."""
        return self.shape_env.renamed_from.get(symbol, symbol)

    def all_symbols(self) -> set[Any]:
        """Every symbol of the trace."""
        return {*self._made, *self.shape_env.renamed_from, *self.shape_env.var_to_sources}

    def of(self, symbols: Iterable[Any]) -> dict[str, SymbolOrigin]:
        """Name of a symbol → its origin, for those whose origin is known."""
        found = {}
        for symbol in sorted(symbols, key=str):
            made = self._made.get(self.created_as(symbol))
            sources = self.shape_env.var_to_sources.get(symbol)
            name = self.input_names.get(symbol) or (sources[0].name if sources else "")
            if made is not None:
                found[str(symbol)] = self._in_words(self.created_as(symbol), made)
            elif name:
                found[str(symbol)] = SymbolOrigin(input=in_caller_terms(name))
        return found

    def made(self, symbol: Any) -> SymbolOrigin | None:
        """The operation that made an unbacked symbol."""
        return self._made.get(self.created_as(symbol))

    def _in_words(self, created: Any, made: SymbolOrigin) -> SymbolOrigin:
        """The origin, with what was computed where the source cannot say it."""
        if self.computed is None or not made.stack or has_source(made.stack[-1]):
            return made
        if created not in self._without_source:
            self._without_source[created] = replace(made, computed=self.computed(created, made))
        return self._without_source[created]

    def in_user_terms(self, expr: Any) -> str:
        """An expression as text, in which inputs and operations stand for symbols: `2*x.shape[0]` for `2*s0`."""
        return in_user_terms(expr, self.of(expr.free_symbols))


def path_of_symbol(out: Any, symbol: Any) -> str:
    """Where in an operation's output a symbol stands: `.shape[0]`, `[1].shape[0]`; empty for a lone number."""
    if isinstance(out, torch.Tensor):
        sizes = [s.node._expr if isinstance(s, torch.SymInt) else s for s in out.shape]
        return f".shape[{sizes.index(symbol)}]" if symbol in sizes else ""
    if isinstance(out, (list, tuple)):
        paths = ((index, path_of_symbol(one, symbol)) for index, one in enumerate(out))
        return next((f"[{index}]{path}" for index, path in paths if path), "")
    return ""


def element_read(record: Record) -> str:
    """`[0][2]` for a number read from a tensor that was unbound row by row, as `tolist` does."""
    indices: list[str] = []
    handle = record.operands[0].handle if record.operands else None
    while isinstance(handle, View) and handle.record.func is torch.ops.aten.unbind.int:
        indices.append(f"[{handle.index}]")
        handle = handle.parent
    return "".join(reversed(indices))
