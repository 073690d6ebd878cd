"""The findings of two reports are parsed, matched, and written to the page of results."""

from __future__ import annotations

import os

import pytest
import torch
from torch.export._draft_export import CaptureStructuredTrace

import torchdraft
from benchmarks.zoo.findings.drafts import taken_plainly
from benchmarks.zoo.findings.finding import Finding, Plain, Report, of_torch, of_torchdraft, place_of
from benchmarks.zoo.findings.matching import explains, invented, missing
from benchmarks.zoo.findings.page import TITLE, Model, put_in, section, section_of
from benchmarks.zoo.registry import Model as Entry


class Branches(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x * 2
        return x


HERE = f"{os.path.basename(__file__)}:{Branches.forward.__code__.co_firstlineno + 1}"
GUARD = Finding("DATA_DEPENDENT_ERROR", "m.py:3", "u0 > 1")
SOUND = Plain()
KERNEL = Finding("MISSING_FAKE_KERNEL", "", "lib.foo.default")


@pytest.fixture
def draft_export(tmp_path, monkeypatch):
    """`torch.export.draft_export` with its log in a temporary folder. Closes the log, which torch leaves open."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    logs = []
    record = CaptureStructuredTrace.__enter__
    monkeypatch.setattr(CaptureStructuredTrace, "__enter__", lambda log: logs.append(log) or record(log))
    yield torch.export.draft_export
    for log in logs:
        log.close()


@pytest.mark.filterwarnings("ignore")
def test_both_reports_are_read(draft_export):
    program = draft_export(Branches(), (torch.ones(3),))
    (theirs,) = of_torch(program._report)
    (ours,) = of_torchdraft(torchdraft.draft_export(Branches(), (torch.ones(3),))._report)
    assert theirs.kind == "DATA_DEPENDENT_ERROR"
    assert (ours.kind, ours.severity) == ("TD101", "guarded")
    assert theirs.place.endswith(HERE)
    assert ours.place.endswith(HERE)
    assert missing([theirs], [ours]) == []


def test_where_plain_export_refuses_is_seen():
    with pytest.raises(RuntimeError, match="data-dependent") as caught:
        torch.export.export(Branches(), (torch.ones(3),), strict=False)
    assert place_of(caught.value).endswith(HERE)


class Counts(torch.nn.Module):
    def __init__(self, kept):
        super().__init__()
        self.kept, self.seen, self.length = kept, torch.zeros(()), None

    def forward(self, x):
        self.length = x.shape[0]
        if self.kept:
            self.seen = self.seen + x.sum()
        return x * 2


@pytest.mark.parametrize("kept", [True, False])
def test_a_model_that_keeps_state_of_its_own_is_not_taken_soundly(kept):
    entry = Entry("counts", "torch", lambda: (Counts(kept), (torch.ones(3),), {}, None))
    assert taken_plainly(entry, False).unsound == ("drops `seen`, which the model counts on from call to call" * kept)


class Sized(torch.nn.Module):
    """Accepts any number of rows, or requires too much of them."""

    def __init__(self, asks):
        super().__init__()
        self.asks = asks

    def forward(self, x, y):
        if self.asks == "the same number":
            return torch.cat([x, y], 1)
        if self.asks == "seven at most" and x.shape[0] > 7:
            return x.sum(), y
        if self.asks == "several" and x.shape[0] > 1:
            return x - x.mean(0), y
        return x * 2, y


@pytest.mark.parametrize(
    ("asks", "unsound"),
    [
        ("nothing", ""),
        ("the same number", "keeps 1 of 2 dimensions as free as asked, and says nothing"),
        ("seven at most", "keeps 1 of 2 dimensions as free as asked, and says nothing"),
        ("several", "differs on another input: "),
    ],
)
def test_a_program_that_gives_up_dimensions_is_not_sound(asks, unsound):
    rows = {0: torch.export.Dim.AUTO}
    example = (torch.arange(12.0).reshape(4, 3), torch.ones(4, 3))
    entry = Entry("sized", "torch", lambda: (Sized(asks), example, {}, {"x": rows, "y": rows}))
    found = taken_plainly(entry, True).unsound
    assert found.startswith(unsound)
    assert bool(found) == bool(unsound)
    assert taken_plainly(entry, False).unsound == ""


@pytest.mark.parametrize(
    ("theirs", "ours", "found"),
    [
        (GUARD, Finding("TD101", "m.py:3", ""), True),
        (GUARD, Finding("TD103", "m.py:3", ""), True),
        (GUARD, Finding("TD101", "m.py:4", ""), False),
        (GUARD, Finding("TD402", "m.py:3", ""), False),
        (KERNEL, Finding("TD301", "m.py:9", "lib.foo.default"), True),
        (KERNEL, Finding("TD301", "m.py:9", "lib.bar.default"), False),
    ],
)
def test_a_finding_is_matched_by_kind_and_line_or_operator(theirs, ours, found):
    assert missing([theirs], [ours]) == ([] if found else [theirs])


def test_a_call_that_leads_to_the_line_explains_it():
    ours = Finding("TD101", "m.py:3", "", frames=("m.py:8", "m.py:3"))
    assert explains([ours], "m.py:8")
    assert not explains([ours], "m.py:9")


def test_what_is_no_finding_is_told_apart():
    asked = Finding("DATA_DEPENDENT_ERROR", "m.py:3", "", own_check=True)
    assert invented(GUARD, sound=True)
    assert invented(asked, sound=False)
    assert not invented(GUARD, sound=False)


def model(name, ours, plain=SOUND, theirs=()):
    report = Report(list(ours), successful=not any(f.severity != "note" for f in ours))
    return Model(name, False, Report(list(theirs)), report, plain)


def test_the_section_tells_what_is_missing_and_what_is_false():
    guard = Finding("TD101", "m.py:3", "", "guarded")
    models = [
        model("fine", []),
        model("false", [guard]),
        model("missing", [], Plain("refused", "m.py:3"), [GUARD]),
        model("right", [guard], Plain("refused", "m.py:3"), [GUARD]),
    ]
    text = "\n".join(section(models, (5, 0)))
    assert "4 of 5 models. On 4 of them torch has a graph" in text
    assert "4 models. On" in "\n".join(section(models, (4, 0)))
    assert "lack 1 of those; 0 are no finding, which leaves\n1." in text
    assert "refuses 2 models" in text
    assert "on all but 1." in text
    assert "sound on 2 models; torchdraft has issues above a note on 1 of them:\na false alarm rate of 50.0 %" in text
    assert "| false | 0 | 1 |  | TD101 m.py:3 |" in text
    assert "| fine |" not in text


def test_the_section_is_put_into_a_page_and_kept():
    page = "# Results\n\n## Static shapes\n\ntable\n"
    once = put_in(page, ["one"])
    assert once == f"{page}\n{TITLE}\n\none\n"
    assert put_in(once, ["two"]) == f"{page}\n{TITLE}\n\ntwo\n"
    assert put_in(page, []) != page
    assert page + section_of(once) == once
    assert section_of(page) == ""
