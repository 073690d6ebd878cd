"""What a value of the trace was made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from .._torch.shapes import SYMBOLIC
from .tape import Handle, Tape, Version, View


def depends_on(tape: Tape, tensors: Iterable[torch.Tensor], inputs: Iterable[torch.Tensor]) -> bool:
    """Whether one of `tensors` was made from an input's data or sizes, from random numbers, or nobody knows how."""
    handles = [tape.handle(t) for t in inputs]
    cells = {id(h.cell) for h in handles if h is not None}
    waiting: list[tuple[Handle, Version]] = []
    for tensor in tensors:
        handle = tape.known(tensor)
        if handle is None or any(isinstance(size, torch.SymInt) for size in tensor.shape):
            return True
        waiting.append((handle, handle.cell.version))
    seen: set[int] = set()
    while waiting:
        handle, version = waiting.pop()
        record = version.origin
        if _viewed_at_symbol(handle) or (record is None and id(handle.cell) in cells):
            return True
        if record is None or id(record) in seen:
            continue
        seen.add(id(record))
        if record.unknown is not None or record.draw is not None or _symbolic((record.args, record.kwargs)):
            return True
        if _takes_data(record.func):
            waiting.extend((operand.handle, operand.version) for operand in record.operands)
    return False


def _viewed_at_symbol(handle: Handle) -> bool:
    """Whether a view was taken at a symbolic place."""
    while isinstance(handle, View):
        if _symbolic(handle.record.args):
            return True
        handle = handle.parent
    return False


def _takes_data(op: Any) -> bool:
    """False for operators that ask a tensor for its dtype, device and sizes only (`new_ones`, `zeros_like`)."""
    name = str(op).rpartition("::")[2].split(".")[1] if "." in str(op) else str(op)
    return not (name.startswith("new_") or name.endswith("_like"))


def _symbolic(value: Any) -> bool:
    """Whether a symbolic number is among an operator's arguments."""
    if isinstance(value, (list, tuple)):
        return any(_symbolic(v) for v in value)
    if isinstance(value, dict):
        return any(_symbolic(v) for v in value.values())
    return isinstance(value, SYMBOLIC)
