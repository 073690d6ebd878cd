from typer.testing import CliRunner

from torchdraft._cli.app import app
from torchdraft.rules import all_rules


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "100"})


def test_explain_prints_the_page():
    rule = all_rules()[0]
    assert run("explain", "td101").stdout == rule.page()
    assert run("explain", rule.name).stdout == rule.page()


def test_explain_names_the_known_rules():
    done = run("explain", "TD000")
    assert done.exit_code == 2
    assert "expected: one of TD101, TD102" in done.stderr
