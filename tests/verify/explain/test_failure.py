"""Parsing of exceptions: kind, location and condition, and whether they were raised deliberately."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from torchdraft._verify.explain.failure import failure_of, frames_of
from torchdraft._verify.run.purpose import raised_on_purpose


def raises() -> None:
    raise ValueError("no")


def asserts() -> None:
    assert torch.ones(1).sum() > 2


def checks() -> None:
    torch._check(torch.ones(1).shape[0] > 2)


def passes_on() -> None:
    try:
        raises()
    except ValueError:
        raise
    finally:
        torch.ones(1)


def operates() -> None:
    torch.ones(3).view(2)


def divides() -> None:
    _ = 1 // int(torch.zeros(()))


def misuses_torch() -> None:
    torch.nn.functional.interpolate(torch.ones(1), size=2, mode="nothing")


def error_of(function: Callable[[], None]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function()
    return caught.value


@pytest.mark.parametrize("function", [raises, asserts, checks, passes_on])
def test_raised_on_purpose(function: Callable[[], None]) -> None:
    assert raised_on_purpose(error_of(function))


@pytest.mark.parametrize("function", [operates, divides, misuses_torch])
def test_run_into(function: Callable[[], None]) -> None:
    assert not raised_on_purpose(error_of(function))


def test_an_exception_without_traceback_tells_nothing() -> None:
    assert not raised_on_purpose(ValueError("never raised"))


class Branching(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = x.sum().int().item()
        torch._check(n > 3)
        return torch.cond(x[0] > 0, lambda x: x.view(2, 2).sum(), lambda x: x[: x.argmax().item()].sum(), (x,))


def program_error(x: object) -> Exception:
    program = torch.export.export(Branching(), (torch.full((4,), 2.0),))
    return error_of(lambda: torch.nn.Module.__call__(program.module(), x))


def test_a_guard() -> None:
    failure = failure_of(program_error(torch.ones(5)))
    assert (failure.kind, failure.condition, failure.node) == ("guard", "x.shape[0] == 4", None)


def test_an_assertion() -> None:
    failure = failure_of(program_error(torch.ones(4) / 8))
    assert failure.kind == "assertion"
    assert failure.symbols
    assert failure.node is not None
    assert failure.location is not None
    assert failure.location.file == __file__


def test_a_call_that_does_not_fit() -> None:
    assert failure_of(program_error([torch.ones(4)])).kind == "call"


def test_a_node_without_stack_trace_has_no_frames() -> None:
    assert frames_of(torch.fx.Graph().placeholder("x")) == ()
