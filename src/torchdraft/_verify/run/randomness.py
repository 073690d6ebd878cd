"""Distinguishes random outputs from wrong ones.

Both sides start from the same random state. If they draw the same numbers in the same order, their values are compared
as usual. If not (a dropout was decomposed or fused, an unused draw was removed), they end in different random states,
and random values cannot be compared. Then both sides run again with another seed. A leaf that changes with the seed on
both sides is random, and only its dtype and shape are compared. A leaf that changes on one side only is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from .compare import Difference
from .side import RunResult

OTHER_SEED = 0x5EED
"""Added to the seed of a call for the second run."""


def drew_alike(want: RunResult, got: RunResult) -> bool:
    """True if both sides drew the same numbers from the random generators."""
    return want.drawn == got.drawn


def without_random(
    found: list[Difference], model_moved: Iterable[Difference], program_moved: Iterable[Difference]
) -> list[Difference]:
    """The differences that are not explained by random numbers.

    `model_moved` and `program_moved` are the differences of each side between two seeds.
    """
    random_in_model = {(each.part, each.where) for each in model_moved}
    random_in_program = {(each.part, each.where) for each in program_moved}
    return [each for each in found if (each.part, each.where) not in random_in_model & random_in_program]
