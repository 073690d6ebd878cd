"""Learns fake kernels of operators whose own are missing or wrong, so that the sizes of their outputs are not free.

The kernels are written by `_synthesis` from runs of the real ones in a forked process, and registered for a
second trace. Only kernels whose rules hold on all calls that were tried are used.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from torchdraft._draft.custom_ops.learned_kernels import LearnedKernel, LearnedKernels
from torchdraft._synthesis.synthesize import synthesize_fake_kernel
from torchdraft.model.events import Event, KernelMismatched, KernelMissing

if TYPE_CHECKING:
    from torchdraft._draft.rungs.session import Session

NOT_RUN = (
    "Its sizes were not learned: that needs an operator that declares no write and no alias, has no side effects, is "
    "not composed of others, takes no objects, and returns tensors or symbolic integers only."
)
KernelEvent = KernelMissing | KernelMismatched


class LearnedSizes:
    """The kernels that one draft learned. `wanted`: whether it may run operators in order to learn any."""

    def __init__(self, wanted: bool) -> None:
        self.kernels = LearnedKernels() if wanted else None
        self.outcomes: dict[str, str] = {}
        """Operator → what became of learning, as text for the report."""

    def registered(self) -> AbstractContextManager[None]:
        """A context in which the operators have their kernels."""
        return nullcontext() if self.kernels is None else self.kernels.registered()

    def learn(self, session: Session) -> bool:
        """Learns a kernel for each operator that the trace had to infer. Returns whether there is a new one."""
        learned = self.kernels
        if learned is None:
            return False
        events = {event.op: event for event in session.context.log if _is_of_kernel(event)}
        known = len(learned.kernels)
        for op, calls in learned.calls.calls.items():
            event = events.get(str(op))
            if event is not None and str(op) not in self.outcomes:
                self.outcomes[str(op)] = self._learned(op, calls, event)
        return len(learned.kernels) > known

    def _learned(self, op: Any, calls: list[Any], event: KernelEvent) -> str:
        """Learns the kernel of one operator. Returns what became of it."""
        assert self.kernels is not None
        try:
            found = synthesize_fake_kernel(op, calls)
        except (ValueError, TypeError, OSError) as error:
            return f"Its sizes were not learned: {error}."
        if not found.exact or found.unchecked is None:
            open_ = "; ".join((*found.failures, *found.domain)) or "no rule was found for all of them"
            return f"Its sizes were not learned from {found.runs} runs: {open_}."
        kind: Literal["missing", "wrong"] = "missing" if isinstance(event, KernelMissing) else "wrong"
        self.kernels.kernels[op] = LearnedKernel(found.unchecked, replace(event, learned=""), kind)
        return f"Its sizes follow rules learned from {found.runs} runs, and the program asserts them."

    def forget(self) -> None:
        """Registers no kernels any longer: the trace with them failed."""
        if self.kernels is not None:
            for op in self.kernels.kernels:
                self.outcomes[str(op)] = "Its sizes were learned, but the model could not be traced with them."
            self.kernels.kernels.clear()

    def explained(self, event: Event) -> Event:
        """An event, with what became of learning the sizes of its operator."""
        if self.kernels is None or not _is_of_kernel(event):
            return event
        return replace(event, learned=self.outcomes.get(event.op, NOT_RUN))


def _is_of_kernel(event: Event) -> TypeGuard[KernelEvent]:
    """Whether an event says that a fake kernel is missing or wrong. A schema that is wrong cannot be learned."""
    return isinstance(event, KernelMissing) or (isinstance(event, KernelMismatched) and event.what == "fake kernel")
