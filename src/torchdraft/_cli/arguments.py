"""Arguments that several commands have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Paths(StrEnum):
    """The values of `paths` of `draft_export`, as an enum for typer."""

    EXAMPLE = "example"
    ALL = "all"


PATHS_HELP = "Keep the path of the example, or both sides of the branches that data decides."

TargetArgument = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="file.py:callable or package.module:callable, returning (module, args[, kwargs[, dynamic_shapes]]).",
    ),
]
