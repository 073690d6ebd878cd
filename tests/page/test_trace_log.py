"""Logs for tlparse. Where tlparse is installed, it makes its page of them."""

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from tests.page.reports import HOSTILE, PAGE, hostile
from tests.sample_reports import CLEAN, FULL, KERNEL, NOTES
from torchdraft._page.trace_log import NAME, trace_log
from torchdraft.model import Report

MISMATCH = replace(
    KERNEL, code="TD302", name="mismatched-fake-kernel", data={"op": "mylib.foo.default", "reason": "rank"}
)


def entries(report):
    return [json.loads(line.partition("] ")[2]) for line in trace_log(report).splitlines() if not line.startswith("\t")]


def test_each_issue_above_note_is_an_entry_of_torchs_kind():
    names = [next(iter(entry)) for entry in entries(replace(PAGE, issues=(*PAGE.issues, MISMATCH)))]
    wanted = ["propagate_real_tensors_provenance"] * 2 + [
        "guard_added",
        "missing_fake_kernel",
        "mismatched_fake_kernel",
    ]
    assert [name for name in names if name not in ("str", "expression_created", "exported_program")] == wanted


def test_conditions_name_an_expression_that_came_before():
    created = set()
    for entry in entries(PAGE):
        if "expression_created" in entry:
            created.add(entry["expression_created"]["result_id"])
        for name in ("propagate_real_tensors_provenance", "guard_added"):
            if name in entry:
                assert entry[name]["expr_node_id"] in created


def test_the_program_is_in_the_log():
    assert "\n\t# /app/encoder.py:12 in forward\n\tmax_1: i64[] = aten.max.default(lens)\n" in trace_log(PAGE)
    assert "\tlens: i64[2] = input\n" in trace_log(PAGE)


def test_a_folder_or_a_file(tmp_path):
    assert PAGE.to_tlparse(tmp_path / "a" / "logs") == tmp_path / "a" / "logs" / NAME
    assert PAGE.to_tlparse(str(tmp_path / "mine.log")) == tmp_path / "mine.log"
    assert (tmp_path / "mine.log").read_text() == trace_log(PAGE)


@pytest.fixture
def tlparse(tmp_path):
    if shutil.which("tlparse") is None:
        pytest.skip("tlparse is not installed: pip install '.[page]'")

    def run(report):
        log = report.to_tlparse(tmp_path / "log")
        out = tmp_path / "out"
        done = subprocess.run(
            ["tlparse", "--export", str(log), "-o", str(out), "--overwrite", "--no-browser", "--strict"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return (out / "index.html").read_text(), [each.read_text() for each in sorted(out.glob("*/*"))]

    return run


@pytest.mark.parametrize("report", [CLEAN, NOTES])
def test_tlparse_congratulates_on_a_sound_program(tlparse, report):
    assert "Congratulations" in tlparse(report)[0]


def test_tlparse_lists_every_issue(tlparse):
    index, pages = tlparse(replace(PAGE, issues=(*PAGE.issues, MISMATCH)))
    assert "<b>5 issue(s) were found during export</b>" in index
    for text in ("TD404 random.random()", "TD101 u0 > 5", "TD201 s0 > 10", "mylib.foo.default", "rank"):
        assert text in index
    assert any(html.escape(FULL.issues[1].message) in page for page in pages)
    assert any("lens.max().item() at encoder.py:12" in page for page in pages)


def test_tlparse_takes_text_as_text(tlparse):
    kernels = (replace(MISMATCH, data={"op": HOSTILE, "reason": HOSTILE}), replace(KERNEL, data={"op": HOSTILE}))
    index, pages = tlparse(Report(issues=(*hostile().issues, *kernels)))
    for page in (index, *(page for page in pages if page.lstrip().startswith("<"))):
        assert "owned'</script>" not in page
        assert not re.search("<img", page)
