"""Generates the published JSON Schemas of reports and checks from their classes."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

from torchdraft import model
from torchdraft.model import check, listing
from torchdraft.model.report import Report

from . import check_document, document
from .check_document import CheckDocument

_AS_WRITTEN: dict[str, Any] = {
    "op_profiles": {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": ["string", "object"]}},
    },
}
"""Fields whose JSON differs from the field of the report → their schema."""

_CLASSES: Mapping[str, type] = {**vars(model), **vars(check), **vars(listing), **vars(check_document)}


def report_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the document that `Report.to_json` writes and `Report.from_json` reads."""
    body, parts = _described(Report)
    properties = {name: part for name, part in body["properties"].items() if name not in document.NOT_STORED}
    for name, stored in _AS_WRITTEN.items():
        properties[name] = {"description": properties[name]["description"], **stored}
    head = {
        "format": {"const": document.FORMAT},
        "version": {
            "const": document.VERSION,
            "description": "Rises when the layout changes; older files keep loading.",
        },
    }
    body |= {"properties": head | properties, "required": [*head, *body["required"]]}
    return _published(body, parts, document.FORMAT, document.VERSION)


def check_schema() -> dict[str, Any]:
    """JSON Schema of the document that `torchdraft check --format json` prints."""
    return _published(*_described(CheckDocument), check_document.FORMAT, check_document.VERSION)


def published() -> dict[str, dict[str, Any]]:
    """File name in `docs/schema/` → schema, of the current versions."""
    return {
        f"report-v{document.VERSION}.json": report_schema(),
        f"check-v{check_document.VERSION}.json": check_schema(),
    }


def text(schema: dict[str, Any]) -> str:
    """The text of a schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _described(cls: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of a class, and those of the classes that it refers to, by name."""
    _, parts = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    for name, part in parts.items():
        _describe(_CLASSES[name], part)
    return parts.pop(cls.__name__), parts


def _published(body: dict[str, Any], parts: dict[str, Any], form: str, version: int) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{form}:{version}",
        **body,
        "$defs": dict(sorted(parts.items())),
    }


def _describe(cls: type, part: dict[str, Any]) -> None:
    """Add the docstrings of a class and its fields, and refuse other keys."""
    part["description"] = _reflowed(cls.__doc__)
    if is_dataclass(cls):
        part["additionalProperties"] = False
        docs = _field_docs(cls)
        for field in fields(cls):
            if field.name in docs:
                # Merged, because the part may be a `$ref`.
                part["properties"][field.name] = {"description": docs[field.name], **part["properties"][field.name]}


def _field_docs(cls: type) -> dict[str, str]:
    """Field → the docstring after it in the class body."""
    body = ast.parse(inspect.cleandoc(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            docs[field.target.id] = _reflowed(ast.literal_eval(after.value))
    return docs


def _reflowed(docs: str | None) -> str:
    """The text with each paragraph on one line, without the line breaks of the source."""
    paragraphs = inspect.cleandoc(docs or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
