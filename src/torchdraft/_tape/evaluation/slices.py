"""Plans which records must run before a value can be read.

The plan is complete before the first record runs. Every record of a plan holds the boxes of its operands, so a value
that one step computes is still there for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.tape import Operand, Record, Version, View

from .symbol_values import SymbolValues


class Slices:
    """Walks back over the tape from a value that is missing."""

    def __init__(self, symbols: SymbolValues, on_missing: Callable[[Version], None]) -> None:
        self._symbols = symbols
        self._on_missing = on_missing
        """Called with every version whose value a plan has to compute."""

    def before(self, wanted: Record) -> list[Record]:
        """The records to run before `wanted`, in order. Iterative, because a slice can be as deep as the model."""
        plan: list[Record] = []
        started: set[int] = set()
        finished: set[int] = set()
        stack = [(wanted, False)]
        while stack:
            record, expanded = stack.pop()
            if expanded:
                finished.add(id(record))
                plan.append(record)
            elif id(record) in started:
                if id(record) not in finished:
                    raise NoRealValue(f"{record.func} needs its own result")
            elif record is wanted or not self.has_run(record):
                started.add(id(record))
                hold_operands(record)
                stack.append((record, True))
                stack.extend((missing, False) for missing in self._missing_symbols(record))
                for operand in record.operands:
                    stack.extend((missing, False) for missing in self.missing_for(operand))
        return plan[:-1]

    def missing_for(self, operand: Operand) -> list[Record]:
        """The records to run before `operand` can be read."""
        missing: list[Record] = []
        for part in reads(operand):
            if isinstance(part, Record):
                missing.extend(self._missing_symbols(part))
            elif part.value() is None and part.origin is not None:
                self._on_missing(part)
                missing.append(part.origin)
        return missing

    def has_run(self, record: Record) -> bool:
        """True if every value that `record` computes and that can still be read is available."""
        versions = [v for ref in (*record.products, *record.written) if ref is not None and (v := ref()) is not None]
        if record.fake_outputs is not None and self._symbols.unknown_in(record.fake_outputs):
            return False
        return bool(versions) and all(v.value() is not None for v in versions)

    def _missing_symbols(self, record: Record) -> list[Record]:
        found = []
        for symbol in self._symbols.missing((record.args, record.kwargs)):
            origin = self._symbols.origins.get(symbol)
            if origin is None:
                raise NoRealValue(f"no value is known for {symbol}, an argument of {record.func}")
            found.append(origin)
        return found


def reads(operand: Operand) -> Iterator[Version | Record]:
    """Everything that reading `operand` depends on: its version, then the record of each view op to re-run, each
    followed by what the other operands of that op depend on.
    """
    yield operand.version
    handle = operand.handle
    while isinstance(handle, View):
        yield handle.record
        for other in handle.other_operands():
            yield from reads(other)
        handle = handle.parent


def versions_read(record: Record) -> Iterator[Version]:
    """The versions that a run of `record` reads, once per read."""
    for operand in record.operands:
        yield from (part for part in reads(operand) if isinstance(part, Version))


def hold_operands(record: Record) -> None:
    """Keeps the values of the operands until `record` has run. A record that has run before no longer holds them."""
    for operand in record.operands:
        hold(operand)


def hold(operand: Operand) -> None:
    """Keeps the values that reading `operand` needs: its own as long as its `box` is set, and those of the other
    operands of its view ops as long as the views exist.
    """
    if operand.box is None:
        operand.box = operand.version.box()
    handle = operand.handle
    while isinstance(handle, View):
        for other in handle.other_operands():
            hold(other)
        handle = handle.parent
