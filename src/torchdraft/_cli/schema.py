"""`torchdraft schema`: print the JSON Schema of reports or of checks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Document(StrEnum):
    """The documents that have a schema."""

    REPORT = "report"
    CHECK = "check"


def schema(
    of: Annotated[
        Document, typer.Argument(help="What `export --json` or `check --format json` writes.")
    ] = Document.REPORT,
) -> None:
    """Print the JSON Schema of reports, or of checks."""
    from torchdraft._render.json.schema import check_schema, report_schema, text

    typer.echo(text(report_schema() if of is Document.REPORT else check_schema()), nl=False)
