"""What it may cost to keep both sides of a model's branches."""

from __future__ import annotations

from dataclasses import dataclass

from torchdraft.model.errors import WrongType, WrongValue


@dataclass(frozen=True, slots=True, kw_only=True)
class PathBudget:
    """Limits of `draft_export(…, paths=PathBudget(…))`. Past a limit a branch stays guarded, and the report says so.

    `paths="all"` stands for `PathBudget()`.
    """

    paths: int = 64
    """Traces of other sides."""
    at_one_line: int = 16
    """Branches kept of one line in one submodule: a loop until a condition holds is unrolled this often."""
    seconds: float = 120.0
    """Seconds for the traces of other sides."""

    def __post_init__(self) -> None:
        for name in ("paths", "at_one_line", "seconds"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise WrongType(f"PathBudget({name}={value!r})", "a number")
            if not value >= 0:
                raise WrongValue(f"PathBudget({name}={value!r})", "a number that is not negative")
