"""Finds out which tensors a value of the trace was computed from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import torch

from torchdraft._torch.symbolic.shapes import SYMBOLIC
from torchdraft._torch.tensors.nested import storage_key

from .tape import Handle, Record, Tape, Version, View


def cells_of(tape: Tape, tensors: Iterable[torch.Tensor]) -> set[int]:
    """The ids of the cells of these tensors, which are real tensors of the user or fake tensors."""
    found = set()
    for tensor in tensors:
        handle = tape.known(tensor)
        cell = tape.sources.get(storage_key(tensor)) if handle is None else handle.cell
        if cell is not None:
            found.add(id(cell))
    return found


def depends_on(tape: Tape, tensors: Iterable[torch.Tensor], cells: Collection[int], most: int = 10**6) -> bool:
    """True if one of `tensors` may depend on the data in `cells`, on symbolic sizes or on random numbers. Unknown
    origins count as a dependency, and so does a search that exceeds `most` operations.
    """
    waiting: list[tuple[Handle, Version]] = []
    for tensor in tensors:
        handle = tape.known(tensor)
        if handle is None or any(isinstance(size, torch.SymInt) for size in tensor.shape):
            return True
        waiting.append((handle, handle.cell.version))
    return _rests_on(waiting, cells, most)


def record_depends_on(record: Record, cells: Collection[int], most: int) -> bool:
    """The same as `depends_on` for the outputs of an operation."""
    if (
        record.unknown is not None
        or record.draw is not None
        or record.objects
        or holds_symbol((record.args, record.kwargs))
    ):
        return True
    return _rests_on([(operand.handle, operand.version) for operand in record.operands], cells, most)


def _rests_on(waiting: list[tuple[Handle, Version]], cells: Collection[int], most: int) -> bool:
    seen: set[int] = set()
    while waiting:
        handle, version = waiting.pop()
        record = version.origin
        if _viewed_at_symbol(handle) or (record is None and id(handle.cell) in cells):
            return True
        if record is None or id(record) in seen:
            continue
        seen.add(id(record))
        if len(seen) > most or record.unknown is not None or record.draw is not None or record.objects:
            return True
        if holds_symbol((record.args, record.kwargs)):
            return True
        if _takes_data(record.func):
            waiting.extend((operand.handle, operand.version) for operand in record.operands)
    return False


_COPYING = {
    "clone",
    "detach",
    "alias",
    "lift_fresh",
    "lift_fresh_copy",
    "contiguous",
    "_to_copy",
    "copy_",
    "cat",
    "stack",
    "index",
    "index_select",
    "gather",
    "neg",
    "abs",
    "where",
    "flip",
    "repeat",
    "relu",
    "maximum",
    "minimum",
    "amax",
    "amin",
    "max",
    "min",
    "clamp",
    "sort",
    "topk",
    "masked_select",
    "zeros_like",
    "ones_like",
    "zero_",
    "fill_",
}
"""Operations whose results are elements of their arguments, which no machine rounds."""


def is_copied(tape: Tape, tensor: torch.Tensor) -> bool:
    """Whether the elements of `tensor` are elements of the user's tensors, so that no rounding is in them."""
    handle = tape.known(tensor)
    return handle is not None and _only_copied([(handle, handle.cell.version)])


def record_reads_copied(record: Record) -> bool:
    """The same for the number that an operation reads from its operand."""
    return _only_copied([(operand.handle, operand.version) for operand in record.operands])


def _only_copied(waiting: list[tuple[Handle, Version]]) -> bool:
    seen: set[int] = set()
    while waiting:
        record = waiting.pop()[1].origin
        if record is None or id(record) in seen:
            continue
        seen.add(id(record))
        if _name(record.func) not in _COPYING:
            return False
        waiting.extend((operand.handle, operand.version) for operand in record.operands)
    return True


def _viewed_at_symbol(handle: Handle) -> bool:
    """True if an argument of a view op is symbolic."""
    while isinstance(handle, View):
        if holds_symbol(handle.record.args):
            return True
        handle = handle.parent
    return False


def _takes_data(op: Any) -> bool:
    """False for operators that use only dtype, device and sizes of a tensor (`new_ones`, `zeros_like`)."""
    name = _name(op)
    return not (name.startswith("new_") or name.endswith("_like"))


def _name(op: Any) -> str:
    return str(op).rpartition("::")[2].split(".")[1] if "." in str(op) else str(op)


def holds_symbol(value: Any) -> bool:
    """True if nested arguments contain a symbolic number."""
    if isinstance(value, (list, tuple)):
        return any(holds_symbol(v) for v in value)
    if isinstance(value, dict):
        return any(holds_symbol(v) for v in value.values())
    return isinstance(value, SYMBOLIC)


def computed_by(tape: Tape, tensor: torch.Tensor, wanted: Callable[[Record], bool], most: int) -> bool:
    """Whether an operation that `wanted` accepts is among those that a tensor was computed by. True as well where a
    search that exceeds `most` operations ends.
    """
    handle = tape.known(tensor)
    waiting = [] if handle is None else [(handle, handle.cell.version)]
    seen: set[int] = set()
    while waiting:
        handle, version = waiting.pop()
        steps = [version.origin, handle.record if isinstance(handle, View) else None]
        for record in steps:
            if record is None or id(record) in seen:
                continue
            if wanted(record) or len(seen) >= most:
                return True
            seen.add(id(record))
            waiting += [(operand.handle, operand.version) for operand in record.operands]
        if isinstance(handle, View):
            waiting.append((handle.parent, version))
    return False
