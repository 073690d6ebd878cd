import os
from dataclasses import replace

import pytest
from rich.console import Console

from tests.sample_reports import BRANCH, BRANCHES, CLEAN, FULL, NOTES
from torchdraft._render import words
from torchdraft._render.text import render_text
from torchdraft.model import Issue, Location, Report, Severity


@pytest.mark.parametrize(
    ("name", "report"), [("full", FULL), ("branches", BRANCHES), ("clean", CLEAN), ("notes", NOTES)]
)
@pytest.mark.parametrize("width", [100, 60])
def test_text(name, report, width, snapshot):
    snapshot(render_text(report, width), f"{name}-{width}.txt")


def test_text_is_the_same_everywhere(monkeypatch):
    plain = str(FULL)
    for name, value in {"COLUMNS": "30", "FORCE_COLOR": "1", "TERM": "xterm-256color", "TTY_COMPATIBLE": "1"}.items():
        monkeypatch.setenv(name, value)
    assert str(FULL) == plain
    assert "\x1b" not in plain
    assert plain == "\n".join(line.rstrip() for line in plain.splitlines())


def printed(**options):
    console = Console(width=80, force_terminal=True, **options)
    with console.capture() as capture:
        console.print(FULL)
    return capture.get()


def test_a_terminal_gets_colour_and_no_color_takes_it():
    assert "\x1b[1;31mBAKED\x1b[0m" in printed(_environ={"TERM": "xterm"}, color_system="standard")
    without = printed(_environ={"TERM": "xterm", "NO_COLOR": "1"}, color_system="standard")
    assert "31m" not in without
    assert "BAKED" in without


@pytest.mark.parametrize("width", [30, 44, 72, 160])
def test_no_line_is_wider_than_the_console(width):
    assert max(map(len, render_text(FULL, width).splitlines())) <= width


def test_what_looks_like_markup_is_text():
    issue = Issue(code="TD101", name="x", severity=Severity.NOTE, message="[red]:smile: x[0][/red]")
    assert "[red]:smile: x[0][/red]" in str(Report(issues=(issue,)))


def test_the_culprit_is_underlined():
    lines = str(Report(issues=(BRANCH,))).splitlines()
    at = next(number for number, line in enumerate(lines) if "12 │" in line)
    start, end = lines[at + 1].index("^"), lines[at + 1].rindex("^") + 1
    assert lines[at][start:end] == "lens.max().item() > 5"


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        (os.path.join(os.getcwd(), "nets", "m.py"), os.path.join("nets", "m.py")),
        ("/venv/lib/python3.11/site-packages/vq/core.py", "vq/core.py"),
        (os.path.join(os.getcwd(), ".venv/lib/python3.11/site-packages/vq/core.py"), "vq/core.py"),
        ("/usr/lib/python3/dist-packages/vq/core.py", "vq/core.py"),
        ("/elsewhere/m.py", "/elsewhere/m.py"),
    ],
)
def test_files_are_named_as_short_as_they_can_be_found(file, shown):
    assert words.short_path(file) == shown


def test_long_stacks_and_lists_are_cut():
    stack = tuple(Location(f"/m{n}.py", n, "f") for n in range(8))
    issue = Issue(
        code="TD101",
        name="x",
        severity=Severity.NOTE,
        message="",
        user_stack=stack,
        modules=tuple("abcdef"),
        occurrences=6,
    )
    assert words.callers(issue) == "/m6.py:6 in f, /m5.py:5 in f, /m4.py:4 in f, /m3.py:3 in f and 3 more frames"
    assert words.repetitions(issue) == "×6 in a, b, c, d, …"


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (2048, "2 KiB"), (5 << 20, "5 MiB"), (3 << 30, "3.0 GiB")])
def test_sizes(count, text):
    assert words.size(count) == text


def test_rich_prints_a_report_like_any_renderable():
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(FULL)
    assert "\n".join(line.rstrip() for line in capture.get().splitlines()) == str(FULL)


def test_a_long_report_says_what_it_leaves_out():
    many = tuple(replace(BRANCH, location=replace(BRANCH.location, line=n + 1)) for n in range(70))
    note = replace(BRANCH, code="TD401", severity=Severity.NOTE, location=None)
    dimensions = tuple(replace(FULL.dimensions[0], name=f"x.shape[{n}]") for n in range(60))
    text = render_text(replace(FULL, issues=(note, *many), dimensions=dimensions))
    assert text.count("data-dependent-branch") == 50
    assert "… and 21 more: TD101 (guarded) ×20, TD401 (note). The JSON has all." in text
    assert "x.shape[49]" in text
    assert "x.shape[50]" not in text
    assert "… and 10 more; the JSON has all" in text
