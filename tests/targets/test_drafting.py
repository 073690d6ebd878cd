import sys
from pathlib import Path

import pytest

from torchdraft._targets.drafting import draft
from torchdraft._targets.target import load_target
from torchdraft._targets.usage_error import UsageError

FILE = Path(__file__).parent / "targets.py"


@pytest.fixture(autouse=True)
def imports_undone(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("targets", None)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("wrong_keys", "dynamic_shapes has the keys ['input']", "dynamic_shapes = {'x': (2, 3)}"),
        ("too_many_shapes", "dynamic_shapes has 2 entries for the 1 inputs ['x']", "dynamic_shapes = ((2, 3),)"),
    ],
)
def test_a_wrong_call_shows_the_expected_form_and_no_frames_of_ours(name, given, expected):
    with pytest.raises(UsageError) as caught:
        draft(load_target(f"{FILE}:{name}"))
    assert given in caught.value.given
    assert expected in caught.value.expected
    assert caught.value.frames == ()


def test_arguments_that_do_not_fit_forward():
    with pytest.raises(
        UsageError, match=r"Doubler\.forward\(\) takes from 2 to 3 positional arguments but 4"
    ) as caught:
        draft(load_target(f"{FILE}:wrong_arguments"))
    assert "runs eagerly" in caught.value.expected
