"""A project to check: a file of targets, and a fake engine that reports issues named in comments."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from torchdraft.model import Issue, Location, Report
from torchdraft.rules import rule_named

MODEL = """
import torch

print("importing")


class Loud(torch.nn.Module):
    def forward(self, x):
        print("running")
        y = x * 2  # finds TD101
        return y.add_(1)  # finds TD401


class Quiet(torch.nn.Module):
    def forward(self, x):
        return x


class Broken(torch.nn.Module):
    def forward(self, x):
        raise RuntimeError("this model is broken")


X = torch.ones(3)


def loud():
    return Loud(), (X,)


def quiet():
    return Quiet(), (X,)


def broken():
    return Broken(), (X,)


def raising():
    raise KeyError("missing")


def leaving():
    raise SystemExit(3)
"""


def write(folder: Path, text: str = MODEL, **settings: Any) -> None:
    """Writes `model.py`, and pyproject.toml if there are settings."""
    (folder / "model.py").write_text(text)
    if settings:
        lines = [f"{name.replace('_', '-')} = {value}" for name, value in settings.items()]
        (folder / "pyproject.toml").write_text("\n".join(["[tool.torchdraft]", *lines, ""]))


def draft_export(model: Any, args: tuple[Any, ...], kwargs: Any = None, paths: str = "example", **_options: Any) -> Any:
    """Replaces torchdraft's: runs the model, and reports an issue for each comment `# finds CODE` in its class.

    With `paths="all"` a line with TD101 has TD603.
    """
    model(*args, **(kwargs or {}))
    file = model.forward.__code__.co_filename
    first = model.forward.__code__.co_firstlineno
    issues = []
    for number, line in enumerate(Path(file).read_text().splitlines(), 1):
        if number >= first and (code := re.search(r"# finds (TD\d+)", line)):
            found = "TD603" if paths == "all" and code[1] == "TD101" and "guarded" not in line else code[1]
            issues.append(_issue(found, Location(file, number, f"{type(model).__name__}.forward", line)))
        if number > first and line.startswith("class "):
            break
    ordered = sorted(issues, key=lambda issue: -issue.severity.rank)
    return SimpleNamespace(_report=Report(model=type(model).__name__, issues=tuple(ordered)))


def _issue(code: str, place: Location) -> Issue:
    rule = rule_named(code)
    assert rule is not None
    return Issue(
        code=code,
        name=rule.name,
        severity=rule.severity,
        message=f"{code} was found.",
        location=place,
        user_stack=(place,),
        expr="u0 > 5",
    )


def with_comment(text: str, line: str, comment: str) -> str:
    """The source with a comment at the end of `line`."""
    assert line in text
    return text.replace(line, f"{line}  {comment}")
