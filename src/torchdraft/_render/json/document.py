"""Writes and reads reports as versioned JSON.

A document has a `format` and the `version` of its layout. Every version up to `VERSION` is read: `_UPGRADES` converts
older documents version by version, and newer ones are refused. Types are checked strictly. Unknown keys are an error,
because ignoring them would lose data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import msgspec

from torchdraft.model import Report, ReportFormatError
from torchdraft.model.listing import Listing

from .profiles import StoredProfiles
from .profiles import stored as stored_profiles

FORMAT = "torchdraft-report"
VERSION = 1

_UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Version n → the function that converts a document of version n to version n + 1."""

NOT_STORED = frozenset({"new_dynamic_shapes", "list_nodes"})
"""Fields of a report that its JSON does not have."""


def to_json(report: Report, *, indent: int | None) -> str:
    """The report as JSON text."""
    stored = {field.name: getattr(report, field.name) for field in fields(report) if field.name not in NOT_STORED}
    listing = stored.pop("listing")
    stored["op_profiles"] = stored_profiles(report.op_profiles)
    head = {"format": FORMAT, "version": VERSION}
    text = json.dumps(msgspec.to_builtins(head | stored, str_keys=True, enc_hook=str), indent=indent)
    return text if listing is None else _with_listing(text, listing, "" if indent is None else "\n")


def _with_listing(text: str, listing: Listing, line_break: str) -> str:
    """The JSON of a report with one more key. A node is one line, and has no keys whose values are the defaults."""
    rows = f",{line_break}".join(json.dumps(_without_defaults(node)) for node in listing.nodes)
    rest = json.dumps(msgspec.to_builtins({**_fields(listing), "nodes": []}), indent=None)
    filled = rest.replace('"nodes": []', f'"nodes": [{line_break}{rows}{line_break}]', 1)
    return f'{text.removesuffix("}").rstrip()},{line_break}"listing": {filled}{line_break}}}'


def _without_defaults(value: Any) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(value)}
    return {name: item for name, item in _fields(value).items() if item != defaults[name]}


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def from_json(text: str | bytes) -> Report:
    """The report that `to_json` wrote."""
    body = _current(_parsed(text))
    _refuse_unknown_keys(body, Report, "report")
    profiles = body.pop("op_profiles", {})
    try:
        op_profiles = StoredProfiles(msgspec.convert(profiles, dict[str, list[str | dict[str, Any]]]))
        expressions = msgspec.convert(body.pop("expressions_created", {}), dict[int, dict[str, Any]], strict=False)
        values = {key: _convert(value, Report, key) for key, value in body.items()}
    except msgspec.ValidationError as error:
        raise ReportFormatError(f"not a valid {FORMAT}: {error}") from error
    return Report(op_profiles=op_profiles, expressions_created=expressions, **values)


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise ReportFormatError(f"expected the JSON of a {FORMAT}, but it is no JSON: {error}") from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ReportFormatError(f'expected a JSON object with "format": "{FORMAT}"; write one with Report.to_json()')
    return body


def _current(body: dict[str, Any]) -> dict[str, Any]:
    version = body.get("version")
    if type(version) is not int or version < 1:
        raise ReportFormatError(f'expected "version" to be a whole number from 1 to {VERSION}, not {version!r}')
    if version > VERSION:
        raise ReportFormatError(
            f"the report has version {version}; this torchdraft reads up to {VERSION}. Install a newer torchdraft."
        )
    _move_code(body)
    for step in range(version, VERSION):
        body = _UPGRADES[step](body)
    return {key: value for key, value in body.items() if key not in ("format", "version")}


def _move_code(body: dict[str, Any]) -> None:
    """Reports of early development have code in the data of an issue, where it has fields of its own now."""
    for issue in body.get("issues") or ():
        data = issue.get("data") if isinstance(issue, dict) else None
        if not isinstance(data, dict) or not str(issue.get("code")).startswith("TD"):
            continue
        for key in ("code", "paste"):
            if isinstance(data.get(key), str):
                text = data.pop(key)
                issue["code_to_write"] = issue.get("code_to_write") or text
                if key == "code":
                    issue["replacement"] = issue.get("replacement") or text


def _convert(value: Any, owner: type, key: str) -> Any:
    try:
        return msgspec.convert(value, _hints(owner)[key])
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"in {key!r}: {error}") from None


def _refuse_unknown_keys(value: Any, expected: Any, where: str) -> None:
    """Compare the keys of a value with its type, recursively: msgspec ignores keys without a field."""
    if is_dataclass(expected) and isinstance(value, dict):
        hints = _hints(expected)
        if unknown := sorted(value.keys() - hints.keys()):
            raise ReportFormatError(f"{where} has unknown keys {unknown}; known are {sorted(hints)}")
        for key, item in value.items():
            _refuse_unknown_keys(item, hints[key], key)
    for argument in get_args(expected):
        if is_dataclass(argument):
            for item in value if isinstance(value, list) else [value]:
                _refuse_unknown_keys(item, argument, where)


def _hints(owner: Any) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(owner).items() if name not in NOT_STORED}
