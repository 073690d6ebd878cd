"""Arguments that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

TargetArgument = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="file.py:callable or package.module:callable, returning (module, args[, kwargs[, dynamic_shapes]]).",
    ),
]
