"""Usage errors for exceptions of the user's code: with its frames, the line of a syntax error, and what caused it."""

from __future__ import annotations

from collections.abc import Iterator

from torchdraft._render import words
from torchdraft._source.locations import is_framework
from torchdraft.model import Location
from torchdraft.rules import user_frames_of

from .usage_error import UsageError

_MOST_CAUSES = 5


def raised(what: str, error: BaseException, expected: str = "") -> UsageError:
    """The usage error for `error`, which was raised in `what`."""
    return UsageError(
        f"{what}: {described(error)}", expected=expected, frames=frames_of(error), causes=tuple(_causes(error))
    )


def described(error: BaseException) -> str:
    """Class and message of an exception."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def frames_of(error: BaseException) -> tuple[Location, ...]:
    """The user's frames, outermost first; last the line of a syntax error. None of torch's and torchdraft's."""
    frames = tuple(frame for frame in user_frames_of(error) if not is_framework(frame.file))
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        source = (error.text or "").rstrip("\n")
        column = error.offset - 1 if error.offset else None
        frames += (Location(error.filename, error.lineno, source=source, column=column),)
    return frames


def _causes(error: BaseException) -> Iterator[str]:
    """The exceptions that led to `error`, nearest first, each with the line that raised it."""
    seen = {id(error)}
    for _ in range(_MOST_CAUSES):
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or id(cause) in seen:
            return
        seen.add(id(cause))
        frames = frames_of(cause)
        yield described(cause) + (f" ({words.place(frames[-1])})" if frames else "")
        error = cause
