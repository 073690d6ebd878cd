import json

import pytest
from rich.console import Console

from tests.sample_verifications import CLEAN_VERIFICATION, EXPLAINED, FULL_VERIFICATION, UNREPORTED, VACUOUS
from torchdraft._render import verification_words as words
from torchdraft._render.verification_text import render_verification_text
from torchdraft.model import Verification

ALL = {"full": FULL_VERIFICATION, "clean": CLEAN_VERIFICATION, "vacuous": VACUOUS, "unreported": UNREPORTED}


@pytest.mark.parametrize("name", ALL)
def test_text(name, snapshot):
    snapshot(render_verification_text(ALL[name], 100), f"verification-{name}.txt")


def test_text_is_the_same_everywhere(monkeypatch):
    plain = str(FULL_VERIFICATION)
    for name, value in {"COLUMNS": "30", "FORCE_COLOR": "1", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    assert str(FULL_VERIFICATION) == plain
    assert "\x1b" not in plain


def test_a_terminal_gets_colour():
    console = Console(width=80, force_terminal=True, _environ={"TERM": "xterm"}, color_system="standard")
    with console.capture() as capture:
        console.print(FULL_VERIFICATION)
    assert "\x1b[1;31mMISMATCH\x1b[0m" in capture.get()


@pytest.mark.parametrize("width", [30, 60, 160])
def test_no_line_is_wider_than_the_console(width):
    assert max(map(len, render_verification_text(FULL_VERIFICATION, width).splitlines())) <= width


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Verification(trials=()), "No input was run."),
        (CLEAN_VERIFICATION, "does what the model does"),
        (VACUOUS, "nothing is known about other inputs"),
        (FULL_VERIFICATION, "no issue of its report says so"),
        (UNREPORTED, "The program is silently wrong."),
        (Verification(trials=(EXPLAINED,)), "only where an issue of severity baked says"),
    ],
)
def test_what_follows(found, said):
    assert said in words.conclusion(found)


def test_ok_and_counts():
    assert [found.ok for found in ALL.values()] == [False, True, True, False]
    assert Verification(trials=(EXPLAINED,)).ok
    assert {str(k): v for k, v in FULL_VERIFICATION.counts.items()} == {
        "equal": 2,
        "rejected": 3,
        "model raised": 1,
        "mismatch": 2,
    }
    assert repr(VACUOUS) == "<Verification Net: 1 equal, 2 rejected>"


def test_json_holds_everything_but_objects():
    body = json.loads(FULL_VERIFICATION.to_json())
    assert (body["format"], body["version"], body["ok"]) == ("torchdraft-verification", 1, False)
    assert [trial["outcome"] for trial in body["trials"]][-2:] == ["mismatch", "model raised"]
    assert body["trials"][2]["issues"][0]["code"] == "TD101"
    small = body["trials"][6]["counterexample"]
    assert small["code"].startswith("x = torch.zeros")
    assert not {"args", "kwargs"} & small.keys()
    assert json.loads(FULL_VERIFICATION.to_json(indent=None)) == body
