"""Assembles the report of a finished draft."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from ..model import Report, Stats
from ..model.report import BrokenRung
from ..rules import issues_from
from ..rules.frames import user_frames
from .implied import without_implied

if TYPE_CHECKING:
    from .._draft import Draft


class Phases:
    """Seconds spent per phase. `with phases("trace"): …` adds to one."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._began = time.perf_counter()

    def since_start(self) -> float:
        """Seconds since the call began."""
        return time.perf_counter() - self._began

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began


def build_report(draft: Draft) -> Report:
    """Everything the draft learned, as plain data."""
    session = draft.session
    assert session is not None
    events = [*draft.events, *draft.islands.events(), *without_implied(session.events), *session.failed_ops]
    return Report(
        issues=issues_from(events),
        rung=draft.islands.rung,  # type: ignore[arg-type]
        rungs=_broken(draft),
        dimensions=tuple(session.dimensions),
        stats=Stats(
            ops_traced=session.tape.ops_recorded,
            ops_evaluated=session.reals.ops_evaluated,
            seconds={**draft.phases.seconds, "total": draft.phases.since_start()},
            real_bytes_peak=session.reals.bytes_peak,
        ),
        op_profiles=session.kernels.profiles,
        model=type(draft.request.mod).__name__,
        versions={"torch": torch.__version__},
    )


def _broken(draft: Draft) -> tuple[BrokenRung, ...]:
    """The rungs that did not serve: one entry per cause."""
    found: dict[int, Any] = {}
    for name, event in draft.islands.names.items():
        if id(event) not in found:
            frames = user_frames(event.stack)
            rung = "symbolic" if event.rung == "island" else "island"
            found[id(event)] = BrokenRung(
                rung=rung,  # type: ignore[arg-type]
                reason=event.exception,
                module=name,
                location=frames[-1] if frames else None,
            )
    if (frozen := draft.islands.frozen) is not None:
        frames = user_frames(frozen.stack)
        found[id(frozen)] = BrokenRung(
            rung="concrete", reason=frozen.exception, location=frames[-1] if frames else None
        )
    return tuple(found.values())
