"""Runs one way in this process and prints its result: `python -m torchdraft._compare.worker WAY TARGET`."""

from __future__ import annotations

import contextlib
import copy
import resource
import sys
import time
import warnings
from typing import Any

import torch

from torchdraft._targets.target import Target, load_target

from .result import Result
from .ways import WAYS, Captured, dynamic_dimensions

MARK = "torchdraft-compare-result "
"""Begins the line of the result: what models print comes before it."""


def measured(way: str, found: Target) -> Result:
    """The result of one way. What it raises is the reason why it does not work."""
    with contextlib.suppress(Exception):  # what a first capture imports and sets up is no cost of this model
        WAYS[way](Target(torch.nn.ReLU(), (torch.ones(2),), {}, None))
    before = _peak()
    began = time.perf_counter()
    try:
        captured = WAYS[way](_copy(found))
    except Exception as error:
        return Result(way=way, works=False, why=_in_one_line(error), seconds=time.perf_counter() - began)
    seconds = time.perf_counter() - began
    try:
        equal, note = _equals_eager(captured, found), captured.note
    except Exception as error:
        equal, note = False, f"raises on the example: {_in_one_line(error)}"
    return Result(
        way=way,
        works=True,
        why=note,
        seconds=seconds,
        megabytes=max(_peak() - before, 0.0),
        dynamic=dynamic_dimensions(captured.program),
        equal=None if way == "eager" else equal,
        breaks=captured.breaks,
    )


def _copy(found: Target) -> Target:
    """The target with a copy of the model and the inputs, where they can be copied: a capture may change them."""
    with contextlib.suppress(Exception):
        args, kwargs = copy.deepcopy((found.args, dict(found.kwargs)))
        return Target(copy.deepcopy(found.model), args, kwargs, found.dynamic_shapes, found.file)
    return found


def _equals_eager(captured: Captured, found: Target) -> bool:
    with torch.no_grad():
        torch.manual_seed(0)
        one, given = copy.deepcopy(found.model), _copy(found)
        expected = one(*given.args, **given.kwargs)
        torch.manual_seed(0)
        given = _copy(found)
        actual = captured.run(*given.args, **given.kwargs)
    return _same(actual, expected)


def _same(actual: Any, expected: Any) -> bool:
    try:
        torch.testing.assert_close(actual, expected, equal_nan=True)
    except AssertionError:
        return False
    except TypeError:  # objects that it cannot compare
        return repr(actual) == repr(expected)
    return True


def _in_one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}".removesuffix(": ")[:300]


def _peak() -> float:
    """The peak memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    """The process of one way."""
    way, target = sys.argv[1:]
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(sys.stderr):
        result = measured(way, load_target(target))
    print(MARK + result.to_json())


if __name__ == "__main__":
    main()
