"""The exception for errors in a call of the command line."""

from __future__ import annotations

from collections.abc import Iterator

from torchdraft._render import words
from torchdraft.model import Location


class UsageError(Exception):
    """A wrong call: what was given, what was expected, what to try. Ends the command with status 2."""

    def __init__(
        self,
        given: str,
        *,
        expected: str = "",
        advice: str = "",
        frames: tuple[Location, ...] = (),
        causes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(given)
        self.given = given
        self.expected = expected
        self.advice = advice
        self.frames = frames
        """The user's frames, outermost first, if the user's own code raised."""
        self.causes = causes
        """The exceptions that led to it, nearest first."""

    def parts(self) -> Iterator[tuple[str, str]]:
        """Label and text of each line of the message."""
        for label, text in (("", self.given), ("expected: ", self.expected), ("try: ", self.advice)):
            if text:
                yield label, text
        for frame in self.frames[-8:]:
            indent = len(frame.source) - len(frame.source.lstrip())
            marked = frame.column is not None and not frame.function  # a syntax error: the place is all there is to it
            mark = "\n    " + " " * ((frame.column or 0) - indent) + "^" if marked else ""
            yield "", f"  {words.place(frame)}\n    {frame.source.strip()}".rstrip() + mark
        for cause in self.causes:
            yield "caused by: ", cause

    def text(self) -> str:
        """The message as one text."""
        return "\n".join(label + text for label, text in self.parts())
