"""Random models with branches and loops: no program is wrong without an error, and planted faults are found."""

from __future__ import annotations

import pytest

from tests.fuzz.paths.check import outcomes
from tests.fuzz.paths.generate import source
from torchdraft._draft.paths import explore
from torchdraft._draft.paths.body import Body
from torchdraft._draft.paths.python_state import State

MODELS = range(4)


@pytest.mark.parametrize("number", MODELS)
@pytest.mark.parametrize("paths", ["all", "example"])
def test_no_program_is_wrong_without_an_error(number: int, paths: str) -> None:
    found = outcomes(number) if paths == "all" else outcomes(number, paths="example")
    assert found[0] == "right"
    assert set(found) <= {"right", "loud"}, found


def test_a_model_is_the_same_for_its_number() -> None:
    assert source(3) == source(3)
    assert len({source(number) for number in range(20)}) == 20


STALE, LEAKS = "the states of two sides are taken to be equal", "a write leaks out of a side"


@pytest.mark.parametrize("fault", [STALE, LEAKS])
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the comparison of combinations, which finds most of them as well."""
    monkeypatch.setattr(explore, "disagreement", lambda *_: "")
    if fault == STALE:
        monkeypatch.setattr(State, "resembles", lambda _one, _two: True)
    else:
        monkeypatch.setattr(Body, "check_write", lambda _body, _place: None)
    found = (each for number in range(60) for each in outcomes(number))
    assert any(each not in ("right", "loud") for each in found)
