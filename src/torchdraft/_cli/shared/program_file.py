"""The argument of commands that take a saved program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

ProgramArgument = Annotated[Path, typer.Argument(metavar="PROGRAM", help="A saved program (.pt2).")]


def read_program(path: Path, expected: str = "a program that was saved (.pt2)") -> Any:
    """The program in a file. Raises `UsageError` if there is none, where `expected` says what there should be."""
    import torchdraft
    from torchdraft._targets.usage_error import UsageError

    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}", expected=expected)
    try:
        return torchdraft.load(path)
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise UsageError(
            f"{str(path)!r} can't be read: {type(error).__name__}: {text}",
            expected="a program written by torchdraft export, torchdraft.save or torch.export.save",
        ) from error
