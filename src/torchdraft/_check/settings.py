"""Reads the settings in `[tool.torchdraft]` of pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from torchdraft._targets.usage_error import UsageError
from torchdraft.model.check import FailOn
from torchdraft.rules import all_rules, rule_named

FILE = "pyproject.toml"
TABLE = "tool.torchdraft"
DEFAULT_FAIL_ON: FailOn = "specialized"
"""By default a report has no failing findings exactly if `Report.successful()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a project."""

    folder: Path
    """The folder of pyproject.toml, to which its paths are relative. The working directory if there is no file."""
    file: Path | None = None
    targets: tuple[str, ...] = ()
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Code → reason."""
    fail_on: FailOn = DEFAULT_FAIL_ON
    baseline: Path | None = None
    paths: Literal["example", "all"] = "example"
    """As `draft_export` takes it."""
    check_kernels: Literal["custom", "all", "none"] = "custom"
    """As `draft_export` takes it."""
    require_both_sides: bool = False
    """Whether a branch of which one side alone is in the program fails the check, whatever `fail_on` is."""


def find_settings(start: Path) -> Settings:
    """The settings of the nearest pyproject.toml with the table, in `start` or a folder above it.

    Raises `UsageError`, which names file and key, if a setting is wrong.
    """
    for folder in (start, *start.parents):
        file = folder / FILE
        if file.is_file() and (table := _table(file)) is not None:
            return _settings(file, table)
    return Settings(folder=start)


def _table(file: Path) -> Any:
    """The table `[tool.torchdraft]`, or None if the file has none."""
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} can't be read: {error}", expected="a TOML file") from None
    return tools.get("torchdraft") if isinstance(tools, dict) else None


def _settings(file: Path, table: Any) -> Settings:
    if not isinstance(table, dict):
        raise _wrong(file, "", table, "a table")
    if unknown := [key for key in table if key not in _KEYS]:
        raise UsageError(f"{file}: [{TABLE}] has the key {unknown[0]!r}", expected=f"one of {', '.join(_KEYS)}")
    values = {key.replace("-", "_"): _KEYS[key](file, key, value) for key, value in table.items()}
    if values.get("require_both_sides"):
        if values.get("paths") == "example":
            raise _wrong(file, "paths", "example", '"all", since require-both-sides is true')
        values["paths"] = "all"
    return Settings(folder=file.parent, file=file, **values)


def _targets(file: Path, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _wrong(file, key, value, 'a list of targets: ["model.py:build"]')
    return tuple(value)


def _ignore(file: Path, key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _wrong(file, key, value, 'rules and why they are ignored: { TD401 = "the input is scratch memory" }')
    ignored = {}
    for text, reason in value.items():
        rule = rule_named(text)
        if rule is None:
            codes = ", ".join(each.code for each in all_rules())
            raise UsageError(f"{file}: [{TABLE}] {key} names the rule {text!r}", expected=f"one of {codes}")
        if not isinstance(reason, str) or not reason.strip():
            raise _wrong(file, f"{key}.{text}", reason, "a reason, a text that is not empty")
        ignored[rule.code] = reason.strip()
    return ignored


def _fail_on(file: Path, key: str, value: Any) -> FailOn:
    if value not in get_args(FailOn):
        raise _wrong(file, key, value, f"one of {', '.join(get_args(FailOn))}")
    return value


def _baseline(file: Path, key: str, value: Any) -> Path:
    if not isinstance(value, str) or not value:
        raise _wrong(file, key, value, 'a file name: "torchdraft-baseline.json"')
    return file.parent / value


def _paths(file: Path, key: str, value: Any) -> Literal["example", "all"]:
    if value not in ("example", "all"):
        raise _wrong(file, key, value, "one of example, all")
    return value


def _check_kernels(file: Path, key: str, value: Any) -> Literal["custom", "all", "none"]:
    if value not in ("custom", "all", "none"):
        raise _wrong(file, key, value, "one of custom, all, none")
    return value


def _switch(file: Path, key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(file, key, value, "true or false")
    return value


def _wrong(file: Path, key: str, value: Any, expected: str) -> UsageError:
    return UsageError(f"{file}: [{TABLE}]{' ' if key else ''}{key} is {value!r}", expected=expected)


_KEYS: dict[str, Callable[[Path, str, Any], Any]] = {
    "targets": _targets,
    "ignore": _ignore,
    "fail-on": _fail_on,
    "baseline": _baseline,
    "paths": _paths,
    "check-kernels": _check_kernels,
    "require-both-sides": _switch,
}
