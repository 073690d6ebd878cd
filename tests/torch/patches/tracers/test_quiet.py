"""torch's output is suppressed in a call of torchdraft, and back afterwards."""

from __future__ import annotations

import logging
import warnings

import pytest
import torch

from torchdraft._torch.patches.tracers.quiet import torch_output_suppressed


@pytest.fixture(autouse=True)
def _no_logs_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCH_LOGS", raising=False)
    monkeypatch.delenv("TORCH_TRACE", raising=False)


def test_warnings_are_ignored_and_back_afterwards() -> None:
    filters = list(warnings.filters)
    with torch_output_suppressed():
        warnings.warn("nobody sees this", stacklevel=1)
    assert warnings.filters == filters


def test_loggers_of_torch_are_disabled_and_no_others() -> None:
    ours, of_torch = logging.getLogger("torchdraft"), logging.getLogger("torch.export")
    handlers = logging.getLogger("torch.__trace").handlers
    with torch_output_suppressed():
        assert of_torch.disabled
        assert not ours.disabled
        assert logging.getLogger("torch.__trace").handlers == []
    assert not of_torch.disabled
    assert logging.getLogger("torch.__trace").handlers is handlers


def test_a_failing_graph_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    graph_module = torch.fx.symbolic_trace(torch.nn.Linear(2, 2))
    with torch_output_suppressed(), pytest.raises(RuntimeError):
        graph_module(torch.ones(3, 3))
    assert capsys.readouterr().err == ""


def test_requested_logs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_LOGS", "export")
    with torch_output_suppressed():
        assert not logging.getLogger("torch.export").disabled
        assert torch.fx.graph_module.print is print
