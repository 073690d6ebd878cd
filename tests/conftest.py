from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # a test does not fail because the machine is busy


@pytest.fixture(autouse=True)
def _grad_mode_is_left_as_it_was() -> Iterator[None]:
    """A test that leaves gradients off changes what those after it see of torch."""
    yield
    enabled = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    assert enabled


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the file `snapshots/NAME` beside the test; UPDATE_SNAPSHOTS=1 writes it instead."""
    folder = Path(request.path).parent / "snapshots"

    def compare(text: str, name: str) -> None:
        file = folder / name
        if os.environ.get("UPDATE_SNAPSHOTS"):
            folder.mkdir(exist_ok=True)
            file.write_text(text + "\n", encoding="utf-8")
        assert file.exists(), f"no snapshot {file.name}; write it with UPDATE_SNAPSHOTS=1"
        assert text + "\n" == file.read_text(encoding="utf-8")

    return compare
