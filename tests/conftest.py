from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


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
