"""What the user of the command line got wrong."""

from __future__ import annotations

from torchdraft.model import Location


class Mistake(Exception):
    """Something to mend in the call: what was given, what was expected, what to do. Ends the command with status 2."""

    def __init__(self, given: str, *, expected: str = "", advice: str = "", frames: tuple[Location, ...] = ()) -> None:
        super().__init__(given)
        self.given = given
        self.expected = expected
        self.advice = advice
        self.frames = frames
        """The user's frames, outermost first, where the user's own code raised."""
