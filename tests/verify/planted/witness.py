"""Searches an input on which a changed program is wrong. Independent of `verify`: own inputs, own comparison."""

from __future__ import annotations

from typing import Any

import torch

from tests.fuzz.check import Replay, compare_outcomes
from tests.fuzz.program import Loaded

TRIED = 60


def witness(loaded: Loaded, program: torch.export.ExportedProgram) -> str | None:
    """The inputs on which the program silently differs from eager, and the difference. None if none are found."""
    replay = Replay(program.module())
    try:
        return searched(loaded, replay)
    finally:
        replay.restore()  # the program shares its buffers with the module made from it


def searched(loaded: Loaded, replay: Replay) -> str | None:
    """The same as `witness`, for a replay of the program."""
    for choice in [{}, *loaded.alternatives(TRIED)]:
        twin = Replay(loaded.build())
        replay.restore()
        try:
            expected = twin.run(loaded.inputs(**choice))
            actual = replay.run(loaded.inputs(**choice))
        except Exception:
            continue
        if (found := compare_outcomes(expected, actual)) is not None:
            return f"inputs({as_arguments(choice)}): {found}"
    return None


def as_arguments(choice: dict[str, Any]) -> str:
    """The choice, written as arguments."""
    return ", ".join(f"{name}={value}" for name, value in choice.items())
