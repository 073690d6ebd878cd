"""`torchdraft new-rule`: write a rule with its tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from torchdraft._cli.shared.console import usage_errors_printed
from torchdraft.model import Severity


def new_rule_command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="TD405 in a checkout of torchdraft, or ACME001.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower case words with hyphens: slow-call.")],
    calls: Annotated[
        str, typer.Option("--calls", help="A call that the rule reports, as in a model: 'time.sleep(0)'.")
    ],
    severity: Annotated[Severity, typer.Option("--severity", help="The severity of its issues.")] = Severity.NOTE,
    folder: Annotated[Path, typer.Option("--folder", help="Where to write another package's rule.")] = Path(),
) -> None:
    """Write a working rule with its page, examples and tests, as a start for its author."""
    with usage_errors_printed():
        from torchdraft._render import paths
        from torchdraft.rules.plugins import GROUP

        from .arguments import new_rule
        from .write import write_rule

        rule = new_rule(code, name, call=calls, severity=severity)
        for path in write_rule(rule, folder):
            typer.echo(paths.shown(str(path)))
        if not rule.own:
            entry = f'{code} = "PACKAGE.{rule.file}:{rule.cls}"'
            typer.echo(f'\nIn the pyproject.toml of its package:\n[project.entry-points."{GROUP}"]\n{entry}')
