"""Random models with branches and loops: no program is wrong without an error."""

from __future__ import annotations

import pytest

from tests.fuzz.paths.check import outcomes
from tests.fuzz.paths.generate import source

MODELS = (0, 5)


@pytest.mark.parametrize("number", MODELS)
@pytest.mark.parametrize("paths", ["all", "example"])
def test_no_program_is_wrong_without_an_error(number: int, paths: str) -> None:
    found = outcomes(number) if paths == "all" else outcomes(number, paths="example")
    assert found[0] == "right"
    assert set(found) <= {"right", "loud"}, found


def test_a_model_is_the_same_for_its_number() -> None:
    assert source(3) == source(3)
    assert len({source(number) for number in range(20)}) == 20
