"""The published description of a report's JSON: JSON Schema, made from the classes that are read and written."""

from __future__ import annotations

import ast
import inspect
import json
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

import torchdraft.model
from torchdraft.model.document import FORMAT, NOT_STORED, VERSION
from torchdraft.model.report import Report

_AS_WRITTEN: dict[str, Any] = {
    "op_profiles": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
}
"""What `to_json` writes otherwise than it is kept."""


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `Report.to_json` writes and `Report.from_json` takes, version `VERSION`."""
    _, parts = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    for name, part in parts.items():
        _describe(getattr(torchdraft.model, name), part)
    report = parts.pop("Report")
    head = {
        "format": {"const": FORMAT},
        "version": {"const": VERSION, "description": "Rises when the layout changes; older files keep loading."},
    }
    for name, stored in _AS_WRITTEN.items():
        report["properties"][name] = {"description": report["properties"][name]["description"], **stored}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{FORMAT}:{VERSION}",
        **report,
        "properties": head | {name: part for name, part in report["properties"].items() if name not in NOT_STORED},
        "required": [*head, *report["required"]],
        "$defs": dict(sorted(parts.items())),
    }


def schema_text() -> str:
    """The schema as it stands in `docs/schema/`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _describe(cls: type, part: dict[str, Any]) -> None:
    """Add what the source says of a class and its fields, and that other keys are refused."""
    part["description"] = _reflowed(cls.__doc__)
    if is_dataclass(cls):
        part["additionalProperties"] = False
        told = _field_docs(cls)
        for field in fields(cls):
            if field.name in told:
                # Beside a `$ref`, which stays what it is.
                part["properties"][field.name] = {"description": told[field.name], **part["properties"][field.name]}


def _field_docs(cls: type) -> dict[str, str]:
    """Field → the string that follows it in the class body."""
    body = ast.parse(inspect.cleandoc(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    told = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            told[field.target.id] = _reflowed(ast.literal_eval(after.value))
    return told


def _reflowed(text: str | None) -> str:
    """Paragraphs on one line each: where a line ends in the source means nothing to a reader of the schema."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
