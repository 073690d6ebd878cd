"""Compares fake kernels with their operator, in the process that runs it: the existing kernel, and the written one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from torchdraft._torch.library import has_written_fake

from .experiments.calls import Call, shown
from .experiments.changes import addresses, read, write
from .experiments.operator import Operator
from .experiments.worker import Crashed, Worker

MOST_SHRINKS = 20
CHECK_SECONDS = 60.0
"""The limit of one comparison of a kernel on many calls, and of one test of it."""


def existing_kernel(
    operator: Operator, worker: Worker, trials: Iterable[Call], calls: Sequence[Call]
) -> tuple[str, str]:
    """Whether the operator has a fake kernel, and the smallest call on which it is wrong."""
    if not has_written_fake(operator.overload):
        return "missing", ""
    usual = {(tensor.dtype, tensor.order, tensor.gaps) for call in calls for tensor in call.tensors()}

    def order(call: Call) -> tuple[Any, ...]:
        """Calls with the given dtypes and layouts first."""
        unusual = sum((tensor.dtype, tensor.order, tensor.gaps) not in usual for tensor in call.tensors())
        return unusual > 0, call.weight()

    ordered = sorted(trials, key=order)
    step = max(1, len(ordered) // 150)
    tried = sorted(dict.fromkeys([*calls, *ordered[:60], *ordered[60::step]]), key=order)
    found = compared(worker, tried, "")
    if not found:
        return "right", ""
    index, text = found[0]
    call, text = _shrunk(worker, tried[index], text)
    return "wrong", f"{shown(operator, call)}: {text}"


def _shrunk(worker: Worker, call: Call, text: str) -> tuple[Call, str]:
    """A smaller call on which the existing kernel is wrong, and what differs."""
    for _ in range(MOST_SHRINKS):
        smaller = sorted(dict.fromkeys(_smaller(call)), key=Call.weight)
        found = compared(worker, smaller, "")
        if not found:
            break
        index, text = found[0]
        call = smaller[index]
    return call, text


def compared(worker: Worker, calls: Sequence[Call], text: str) -> list[tuple[int, str]]:
    """On which calls a kernel is wrong, and how: the one with this source, or the existing one if there is no text."""
    try:
        found: list[tuple[int, str]] = worker.ask(("compare", list(calls), text), CHECK_SECONDS)
    except Crashed as error:
        return [(0, str(error))]
    return found


def _smaller(call: Call) -> Iterator[Call]:
    """Calls with a smaller number in one place, or in all places that have equal numbers."""
    places = list(addresses(call))
    for place in places:
        number = read(call, place)
        alike = [other for other in places if read(call, other) == number]
        for less in {1, number // 2, number - 1}:
            if 1 <= less < number:
                yield write(call, {place: less})
                yield write(call, dict.fromkeys(alike, less))
