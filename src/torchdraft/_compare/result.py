"""What one way to capture a model did: plain data, which a worker process prints as JSON."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A graph break of `torch.compile`."""

    line: str
    """File and line of the user's code."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one way."""

    way: str
    works: bool
    why: str = ""
    """Why it does not work, in a line; or what there is to know where it does."""
    seconds: float | None = None
    """Of the capture alone, without the import of torch and the target; for eager, of one run."""
    megabytes: float | None = None
    """By how much the peak memory of the process grew."""
    dynamic: tuple[str, ...] = ()
    """The dimensions of the inputs that are dynamic."""
    equal: bool | None = None
    """Whether the result on the example equals eager's; None where that was not compared."""
    breaks: tuple[Break, ...] = ()

    def to_json(self) -> str:
        """One line of JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Result:
        """What `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)
