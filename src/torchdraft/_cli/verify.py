"""`torchdraft verify`: a target's model beside its program, drafted now or read from a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from torchdraft._targets.drafting import draft
from torchdraft._targets.dynamic_shapes import check_dynamic_shapes
from torchdraft._targets.target import Target, load_target
from torchdraft._targets.usage_error import Mistake
from torchdraft.model import Verification
from torchdraft.rules import user_frames_of

Progress = Callable[[str], AbstractContextManager[None]]


def run_verify(target: str, program: Path | None, n: int, seed: int, progress: Progress) -> Verification:
    """Puts both to `n` drawn inputs. Raises `Mistake` where there is no program, no model or nothing to draw from."""
    import torchdraft

    with progress(f"loading {target}"):
        found = load_target(target)
    made = _program(found, program, progress)
    with progress(f"verifying {type(found.model).__name__}"):
        try:
            return torchdraft.verify(made, found.model, n=n, seed=seed)
        except (Exception, SystemExit) as error:
            raise Mistake(
                f"verifying {type(found.model).__name__} raised {type(error).__name__}: {error}",
                expected="a program that carries its example inputs, and the model it was made from",
                frames=user_frames_of(error),
            ) from error


def _program(found: Target, path: Path | None, progress: Progress) -> Any:
    if path is not None:
        with progress(f"reading {path}"):
            return _read(path)
    check_dynamic_shapes(found.model, found.args, found.kwargs, found.dynamic_shapes)
    with progress(f"drafting {type(found.model).__name__}"):
        return draft(found)


def _read(path: Path) -> Any:
    import torchdraft

    if not path.is_file():
        raise Mistake(f"there is no file {str(path)!r}", expected="--program FILE, a program that was saved (.pt2)")
    try:
        return torchdraft.load(path)
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise Mistake(
            f"{str(path)!r} can't be read: {type(error).__name__}: {text}",
            expected="a program written by torchdraft export, torchdraft.save or torch.export.save",
        ) from error
