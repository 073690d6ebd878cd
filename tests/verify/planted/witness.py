"""Finds out, without `verify`, whether a changed program is wrong: other inputs from its source, another comparison."""

from __future__ import annotations

from typing import Any

import torch

from tests.fuzz.check import Replay, compare_outcomes
from tests.fuzz.program import Loaded

TRIED = 60


def witness(loaded: Loaded, program: torch.export.ExportedProgram) -> str | None:
    """Inputs on which the program differs from eager without raising, and how; None where none were found."""
    replay = Replay(program.module())
    try:
        return searched(loaded, replay)
    finally:
        replay.restore()  # the program shares its buffers with the module made from it


def searched(loaded: Loaded, replay: Replay) -> str | None:
    """The same, for a program that is called again and again."""
    for choice in [{}, *loaded.alternatives(TRIED)]:
        twin = Replay(loaded.build())
        replay.restore()
        try:
            expected = twin.run(loaded.inputs(**choice))
            actual = replay.run(loaded.inputs(**choice))
        except Exception:
            continue
        if (found := compare_outcomes(expected, actual)) is not None:
            return f"inputs({told(choice)}): {found}"
    return None


def told(choice: dict[str, Any]) -> str:
    """The choice as arguments."""
    return ", ".join(f"{name}={value}" for name, value in choice.items())
