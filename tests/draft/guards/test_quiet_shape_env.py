"""Calls of a shape environment's methods are recorded and logged only where torch is set to do so."""

from __future__ import annotations

import logging

import pytest
import torch
from torch.fx.experimental.recording import trace_shape_events_log

import torchdraft
from torchdraft._draft.guards.quiet_shape_env import QuietShapeEnv, UnrecordedShapeEnv
from torchdraft._torch.symbolic.shapes import ShapeEnv, recorded_methods


class Branch(torch.nn.Module):
    def forward(self, x):
        return x + 1 if x.shape[0] > 3 else x - 1


@pytest.fixture
def logged(monkeypatch):
    """The lines that the loggers of the shape environment's methods wrote."""
    lines = []
    monkeypatch.setattr(trace_shape_events_log, "debug", lambda message, *args: lines.append(message % args))
    return lines


def draft():
    torchdraft.draft_export(Branch(), (torch.ones(5),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))


def test_every_recorded_method_is_replaced():
    recorded = recorded_methods(ShapeEnv)
    assert {"create_symbol", "_create_fx_call_function", "create_unbacked_symint"} <= recorded.keys()
    assert recorded.keys() <= vars(UnrecordedShapeEnv).keys()


def test_calls_are_logged_on_request(logged, monkeypatch):
    monkeypatch.setenv("TORCH_LOGS", "trace_shape_events")  # a draft disables torch's loggers otherwise
    monkeypatch.setattr(trace_shape_events_log, "level", logging.DEBUG)
    trace_shape_events_log.manager._clear_cache()
    draft()
    monkeypatch.undo()
    trace_shape_events_log.manager._clear_cache()
    assert any("create_symintnode" in line for line in logged)


def test_calls_are_not_logged_otherwise(logged):
    draft()
    assert not any("create_symintnode" in line for line in logged)


@pytest.mark.parametrize("recorded", [True, False])
def test_events_are_recorded_on_request(recorded):
    env = QuietShapeEnv(should_record_events=recorded, tracked_fakes=[])
    env.create_unbacked_symint()
    assert ("create_unbacked_symint" in [event.name for event in env.events]) == recorded
