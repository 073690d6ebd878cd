"""Writes the findings as a section of the page of results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .finding import Finding, Plain, Report
from .matching import explains, invented, missing

TITLE = "## Findings beside `draft_export`'s"


@dataclass(slots=True)
class Model:
    """Both reports of one model, and the result of plain export."""

    name: str
    dynamic: bool
    torchs: Report
    ours: Report
    plain: Plain

    @property
    def missing(self) -> list[tuple[Finding, str]]:
        """The findings of torch that torchdraft lacks, each with the reason why it is no finding, if there is one."""
        sound = not self.plain.unsound
        lacking = missing(self.torchs.findings, self.ours.findings)
        return [(finding, invented(finding, sound=sound)) for finding in lacking]

    @property
    def unexplained(self) -> bool:
        """True if plain export rejects the model at a line that the report of torchdraft does not mention."""
        return bool(self.plain.refused_at) and not explains(self.ours.findings, self.plain.refused_at)

    @property
    def false_alarm(self) -> bool:
        """True if torchdraft reports issues although plain export is sound."""
        return not self.plain.unsound and not self.ours.successful


def put_in(page: str, section: list[str]) -> str:
    """`page` with its section replaced by this one."""
    kept = re.sub(rf"\n*^{re.escape(TITLE)}$.*?(?=^## |\Z)", "\n\n", page, flags=re.MULTILINE | re.DOTALL).rstrip("\n")
    return kept + "\n\n" + "\n".join([TITLE, "", *section]) + "\n"


def section_of(page: str) -> str:
    """The section of `page`, or an empty text. It is preserved when the rest is rewritten."""
    found = re.search(rf"^{re.escape(TITLE)}$.*?(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    return "\n" + found[0] if found else ""


def section(models: list[Model], there: tuple[int, int]) -> Iterator[str]:
    """The lines of the section. `there` is the number of models in the zoo, per kind of shapes."""
    yield "Written by `python -m benchmarks.zoo.findings`, one fresh process per model and exporter. A finding of"
    yield "torch's counts as there if torchdraft's report has an issue of the same kind at the same line. *No finding*:"
    yield "plain export takes the model and is right on other inputs, or torch's comparison of fake with real tensors"
    yield "asked. Plain export is *sound* on a model where its program is right on other values and sizes, size 1 among"
    yield "them, and where every dimension that was to be dynamic is as free as it was asked to be."
    for dynamic in (False, True):
        chosen = [model for model in models if model.dynamic == dynamic]
        if chosen:
            yield from ("", f"### {'Dynamic' if dynamic else 'Static'} shapes", "")
            yield from totals(chosen, there[dynamic])
            yield from table(chosen)


def totals(models: list[Model], there: int) -> Iterator[str]:
    """The totals of the measured models, out of the number in `there`."""
    found = sum(len(model.torchs.findings) for model in models)
    graphs = sum(not model.torchs.failure for model in models)
    lacking = [reason for model in models for _, reason in model.missing]
    count = f"{len(models)} models" if len(models) == there else f"{len(models)} of {there} models"
    yield f"{count}. On {graphs} of them torch has a graph, and its reports hold {found} findings."
    yield f"torchdraft's lack {len(lacking)} of those; {sum(map(bool, lacking))} are no finding, which leaves"
    yield f"{lacking.count('')}."
    refused = [model for model in models if model.plain.refused_at]
    yield ""
    yield f"Plain export refuses {len(refused)} models at a line of theirs or of a library's; torchdraft's report names"
    yield f"the line, or a call that leads to it, on all but {sum(model.unexplained for model in refused)}."
    sound = [model for model in models if not model.plain.unsound]
    alarms = sum(model.false_alarm for model in sound)
    share = f"{100 * alarms / len(sound):.1f} %" if sound else "–"
    yield ""
    yield f"Plain export is sound on {len(sound)} models; torchdraft has issues above a note on {alarms} of them:"
    yield f"a false alarm rate of {share}."


def table(models: list[Model]) -> Iterator[str]:
    """One row per model with findings."""
    rows = [row for model in models if (row := _row(model))]
    if rows:
        yield from (
            "",
            "| model | torch | torchdraft | missing | false alarms |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        )


def _row(model: Model) -> str:
    lacking = [str(finding) + (" *(no finding)*" if reason else "") for finding, reason in model.missing]
    lacking += [f"refused at {model.plain.refused_at}"] * model.unexplained
    alarms = sorted({f"{f.kind} {f.place}" for f in model.ours.findings if f.severity != "note"})
    told = alarms if model.false_alarm else []
    if not (model.torchs.findings or lacking or told or model.ours.failure):
        return ""
    counts = [report.failure or str(len(report.findings)) for report in (model.torchs, model.ours)]
    cells = [model.name, *counts, "; ".join(lacking), "; ".join(told)]
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")[:400]
