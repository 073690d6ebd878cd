"""The event log of one trace: facts in the order in which they happened, with checkpoints to roll back to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from torchdraft._stack.user_stack import user_stack
from torchdraft._torch.dispatch import erase_failed_nodes
from torchdraft.model.events import Event, ExceptionCaught


class Checkpoint(NamedTuple):
    """A position in the log, to pass to `EventLog.rollback`."""

    events: int
    caught: int


class EventLog:
    """Events of a trace. Exceptions that operations raised are a list of their own: the report has them last."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._caught: list[Event] = []
        self._real_failures: list[BaseException] = []

    def emit(self, event: Event) -> None:
        """Appends an event."""
        self._events.append(event)

    def extend(self, events: Iterable[Event]) -> None:
        """Appends several events."""
        self._events.extend(events)

    def real_kernel_raised(self, error: BaseException) -> None:
        """Remembers that `error`, which the model will see, was raised for the data of the example."""
        self._real_failures.append(error)

    def operation_raised(self, error: Exception, *, by_data: bool = False) -> None:
        """Records that an operation raised `error`: if the model catches it, the program must not hold the operation.
        `by_data`: with other data it may not raise.

        Nothing is recorded where the operation had not been written into the graph.
        """
        by_data = by_data or any(error is known for known in self._real_failures)
        self._real_failures.clear()
        for op in erase_failed_nodes():
            text = str(error).strip().splitlines()
            shown = f"{type(error).__name__}: {text[0] if text else op}"
            self._caught.append(ExceptionCaught(stack=user_stack(), exception=shown, by_data=by_data))

    def checkpoint(self) -> Checkpoint:
        """The current position."""
        return Checkpoint(len(self._events), len(self._caught))

    def since(self, checkpoint: Checkpoint) -> tuple[Event, ...]:
        """The events emitted after `checkpoint`."""
        return tuple(self._events[checkpoint.events :])

    def rollback(self, checkpoint: Checkpoint) -> None:
        """Removes everything recorded after `checkpoint`."""
        self.forget_events_since(checkpoint)
        self.forget_caught_since(checkpoint)

    def forget_caught_since(self, checkpoint: Checkpoint) -> None:
        """Removes the exceptions of operations recorded after `checkpoint`; other events stay."""
        del self._caught[checkpoint.caught :]

    def forget_events_since(self, checkpoint: Checkpoint) -> None:
        """Removes the events emitted after `checkpoint`; exceptions of operations stay."""
        del self._events[checkpoint.events :]

    def rewrite(self, change: Callable[[Event], Event]) -> None:
        """Replaces each event by `change(event)`, for facts that only become known after the trace."""
        self._events[:] = [change(event) for event in self._events]

    def keep(self, *kinds: type[Event]) -> None:
        """Removes the events of all other classes."""
        self._events[:] = [event for event in self._events if isinstance(event, kinds)]

    def __iter__(self) -> Iterator[Event]:
        return iter(tuple(self._events))

    def caught(self) -> tuple[Event, ...]:
        """The exceptions that operations raised and the model caught."""
        return tuple(self._caught)
