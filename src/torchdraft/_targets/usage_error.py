"""The exception for errors in a call of the command line."""

from __future__ import annotations

from collections.abc import Iterator

from torchdraft._render import words
from torchdraft.model import Location


class UsageError(Exception):
    """A wrong call: what was given, what was expected, what to try. Ends the command with status 2."""

    def __init__(self, given: str, *, expected: str = "", advice: str = "", frames: tuple[Location, ...] = ()) -> None:
        super().__init__(given)
        self.given = given
        self.expected = expected
        self.advice = advice
        self.frames = frames
        """The user's frames, outermost first, if the user's own code raised."""

    def parts(self) -> Iterator[tuple[str, str]]:
        """Label and text of each line of the message."""
        for label, text in (("", self.given), ("expected: ", self.expected), ("try: ", self.advice)):
            if text:
                yield label, text
        for frame in self.frames[-8:]:
            yield "", f"  {words.place(frame)}\n    {frame.source.strip()}".rstrip()

    def text(self) -> str:
        """The message as one text."""
        return "\n".join(label + text for label, text in self.parts())
