"""Exceptions that users catch, and that must be importable without torch."""


class ReportFormatError(ValueError):
    """The text is not a report, or is a report that this version cannot read."""


class UnsupportedTorch(ImportError):
    """The installed torch is outside the supported range, or lacks an internal that torchdraft uses."""


class WrongArgument(Exception):
    """An argument of a call of torchdraft is wrong: what was given, what is expected, what to write.

    Users catch it as the `TypeError` or `ValueError` that its two subclasses are; the command line tells it by its
    class from what a model raises.
    """

    def __init__(self, given: str, expected: str = "", advice: str = "") -> None:
        super().__init__(given, expected, advice)
        self.given = given
        self.expected = expected
        self.advice = advice

    def __str__(self) -> str:
        """A line each for what was given, what is expected, and what to write."""
        expected = f"expected: {self.expected}" if self.expected else ""
        return "\n".join(filter(None, (self.given, expected, self.advice)))


class WrongType(WrongArgument, TypeError):
    """A `WrongArgument` of another type than the expected one."""


class WrongValue(WrongArgument, ValueError):
    """A `WrongArgument` of the expected type whose value does not fit."""
