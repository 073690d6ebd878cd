"""Renders shipments for a rich console: what became of each assumption, and what the runs showed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from torchdraft.model.shipment import Assumption, Carried, Shipment

from . import verification_words
from .words import plural

SHOWN = 40
"""How many assumptions are listed, those that are lost first."""

_STYLES = {Carried.OPERATOR: "green", Carried.OUTPUT: "green", Carried.RUNTIME: "green", Carried.LOST: "bold red"}


def summary(found: Shipment) -> str:
    """The shipment in one line."""
    counts = [f"{sum(each.carried is kind for each in found.assumptions)} {kind}" for kind in Carried]
    kept = ", ".join(count for count in counts if not count.startswith("0 ")) or "none"
    return f"{found.path} for {found.runtime}: {plural(len(found.assumptions), 'assumption')} ({kept}); {_runs(found)}"


def render_shipment(found: Shipment) -> Iterator[RenderableType]:
    """Summary, table of assumptions, interface, runs."""
    yield Text(summary(found), style="bold green" if found.ok else "bold red")
    for note in found.notes:
        yield Text(f"Note: {note}.", style="yellow")
    if found.assumptions:
        yield Text()
        yield _table(found.assumptions)
    yield from _interface(found)
    for trial in found.silent:
        yield Text()
        yield Text(f"WRONG IN SILENCE  {verification_words.origin(trial)}: {trial.detail}", style="bold red")
        for name, text in trial.inputs.items():
            yield Text(f"    {name}: {text}")


def _table(assumptions: tuple[Assumption, ...]) -> Table:
    table = Table("#", "assumption", "is now", box=None, pad_edge=False, header_style="bold")
    ordered = sorted(assumptions, key=lambda each: each.carried is not Carried.LOST)
    for each in ordered[:SHOWN]:
        became = _BECAME[each.carried] + (f": {each.reason}" if each.reason else "")
        table.add_row(str(each.number), Text(each.text), Text(became, style=_STYLES[each.carried]))
    if len(ordered) > SHOWN:
        table.add_row("", f"… and {len(ordered) - SHOWN} more", "")
    return table


_BECAME = {
    Carried.OPERATOR: "an operator that fails",
    Carried.OUTPUT: "an output",
    Carried.RUNTIME: "checked by the runtime",
    Carried.LOST: "lost",
}


def _interface(found: Shipment) -> Iterator[RenderableType]:
    for name, output in found.input_writes.items():
        yield Text(f"The model writes to its input {name}: the output {output} is its value after the call.")
    for name, output in found.state.items():
        yield Text(
            f"The model writes to the buffer {name}: pass the output {output} as the input {name} of the next call."
        )


def _runs(found: Shipment) -> str:
    if found.trials is None:
        return "not run"
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found.trials.counts.items())
    wrong = f", {len(found.silent)} WRONG IN SILENCE" if found.silent else ""
    return f"{plural(len(found.trials.trials), 'run')} ({counts}){wrong}"
