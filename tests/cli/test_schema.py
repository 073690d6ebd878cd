from pathlib import Path

import pytest
from typer.testing import CliRunner

from torchdraft._cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "100"})


@pytest.mark.parametrize(("arguments", "file"), [([], "report"), (["report"], "report"), (["check"], "check")])
def test_schema_prints_what_is_published(arguments, file):
    published = Path(__file__).parents[2] / f"docs/schema/{file}-v1.json"
    assert run("schema", *arguments).stdout == published.read_text()
