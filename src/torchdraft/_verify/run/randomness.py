"""Tells random outputs from wrong ones.

Both sides start from the same random state, and a program that draws the same numbers in the same order gives the same
values: those are compared like any others. One that draws differently (a dropout decomposed or fused, a draw nobody
used removed) ends in another random state, and its random values say nothing by themselves. Then both sides are run
again under another seed: a leaf that moves with the seed on both sides is random on both, and only its dtype and shape
count; a leaf that moves on one side only is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from .compare import Difference
from .side import Ran

OTHER_SEED = 0x5EED
"""Added to a call's seed for the second run."""


def drew_alike(want: Ran, got: Ran) -> bool:
    """Whether both sides took the same numbers from the random generators."""
    return want.drawn == got.drawn


def without_random(
    found: list[Difference], model_moved: Iterable[Difference], program_moved: Iterable[Difference]
) -> list[Difference]:
    """The differences that random numbers do not account for.

    `model_moved` and `program_moved` say what each side does differently under another seed.
    """
    random_in_model = {(each.part, each.where) for each in model_moved}
    random_in_program = {(each.part, each.where) for each in program_moved}
    return [each for each in found if (each.part, each.where) not in random_in_model & random_in_program]
