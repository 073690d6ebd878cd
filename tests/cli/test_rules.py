from typer.testing import CliRunner

from torchdraft._cli.app import app
from torchdraft.rules import all_rules


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "100"})


def test_rules_lists_them_all():
    lines = run("rules").stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        [rule.code, rule.name, str(rule.severity)] for rule in all_rules()
    ]
