"""The check of the figures notices a wrong kernel, and one that raises."""

from __future__ import annotations

from benchmarks.kernels.known_operators import CASES
from benchmarks.kernels.synthesis import Row, _wrong_calls, sums

RIGHT = "def pad_fake(x, left, right):\n    return x.new_empty((x.shape[0], x.shape[1] + left + right))\n"


def test_there_are_fifty_operators() -> None:
    assert len(CASES) >= 50


def test_a_wrong_kernel_is_noticed() -> None:
    assert _wrong_calls(CASES["pad"], RIGHT) == []
    wrong = _wrong_calls(CASES["pad"], RIGHT.replace("+ right", "+ left"))
    assert wrong
    assert "really" in wrong[0]
    raising = _wrong_calls(CASES["pad"], "def pad_fake(x, left, right):\n    raise NotImplementedError('no')\n")
    assert all("raises NotImplementedError" in text for text in raising)


def test_the_sums_count_what_went_wrong() -> None:
    rows = [
        Row("a", False, "exact", 40, 1.0, 9),
        Row("b", False, "WRONG", 3, 2.0, 9),
        Row("c", True, "exact", 40, 1.0, 9),
    ]
    text = "\n".join(sums(rows))
    assert "1 of 2 operators with a size relation" in text
    assert "0 of 1 with a size from data" in text
    assert "1 wrong kernels" in text
