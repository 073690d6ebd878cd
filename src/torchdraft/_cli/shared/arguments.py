"""Arguments that several commands have."""

from __future__ import annotations

from contextvars import ContextVar
from enum import StrEnum
from typing import Annotated

import typer


class Paths(StrEnum):
    """The values of `paths` of `draft_export`, as an enum for typer."""

    EXAMPLE = "example"
    ALL = "all"


class CheckKernels(StrEnum):
    """The values of `check_kernels` of `draft_export`, as an enum for typer."""

    CUSTOM = "custom"
    ALL = "all"
    NONE = "none"


CHECK_KERNELS_HELP = "Whose fake kernels to compare with the real ones: of custom operators, of trusted libraries too."

PATHS_HELP = "Keep the path of the example, or both sides of the branches that data decides."


TRACEBACK: ContextVar[bool] = ContextVar("torchdraft.traceback", default=False)
"""Whether the call has the option `--traceback`."""


def _remember_traceback(wanted: bool) -> bool:
    TRACEBACK.set(wanted)
    return wanted


TracebackOption = Annotated[
    bool,
    typer.Option(
        "--traceback",
        callback=_remember_traceback,
        is_eager=True,
        help="Where the call fails, print the whole Python traceback.",
    ),
]

QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]

TargetArgument = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="file.py:callable or package.module:callable, returning (module, args[, kwargs[, dynamic_shapes]]).",
    ),
]
