"""Progress on a terminal and in a log."""

from __future__ import annotations

import io
import re
import threading
import time

import pytest
from rich.console import Console

from torchdraft._cli.shared import progress as module
from torchdraft._cli.shared.progress import Line, progress
from torchdraft._draft.progress import described


def waiting_for(what):
    """Waits until `what()` is true."""
    while not what():
        time.sleep(0.01)


@pytest.fixture
def terminal(monkeypatch):
    text = io.StringIO()
    monkeypatch.setattr(module, "stderr", lambda: Console(file=text, force_terminal=True, width=100))
    return text


def test_a_line_says_what_runs_and_how_far_it_is():
    line = Line("drafting Net")
    assert re.fullmatch(r"drafting Net … \d+ s", str(line))
    with described(lambda: "trace: 120 operations, rung symbolic"):
        assert re.fullmatch(r"drafting Net … trace: 120 operations, rung symbolic, \d+ s", str(line))


def test_without_a_terminal_there_are_lines_on_standard_error(monkeypatch, capsys):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LINES", 0.01)
    asked = []
    with progress("drafting Net"), described(lambda: asked.append(1) or f"trace: {len(asked)} operations"):
        waiting_for(lambda: len(asked) > 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert re.match(r"drafting Net … trace: 1 operations, 0 s\ndrafting Net … trace: 2 operations, \d s\n", err)
    assert "torchdraft progress" not in {thread.name for thread in threading.enumerate()}


def test_what_is_soon_done_writes_nothing(capsys):
    with progress("loading"):
        pass
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_line_changes(terminal):
    asked = []
    with progress("drafting Net"), described(lambda: asked.append(1) or f"trace: {len(asked)} operations"):
        waiting_for(lambda: len(asked) > 2)
    shown = re.findall(r"drafting Net … trace: (\d+) operations, \d+ s", terminal.getvalue())
    assert len(set(shown)) > 1


def test_quiet_shows_nothing(terminal):
    with progress("drafting Net", quiet=True):
        time.sleep(0.05)
    assert terminal.getvalue() == ""


def test_an_exception_ends_it(monkeypatch, capsys):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LINES", 0.01)
    with pytest.raises(ValueError, match="stop"), progress("drafting Net"):
        raise ValueError("stop")
    assert "torchdraft progress" not in {thread.name for thread in threading.enumerate()}
