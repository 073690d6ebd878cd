"""`torchdraft new-rule`: check the arguments and write a rule with its tests."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Annotated

import typer

from torchdraft._render import paths
from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Severity
from torchdraft.rules import rule_named
from torchdraft.rules.plugins import GROUP, RESERVED
from torchdraft.rules.rule import CODE, NAME

from .console import usage_errors_printed
from .write_rule import NewRule, write_rule


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
        rule = new_rule(code, name, call=calls, severity=severity)
        for path in write_rule(rule, folder):
            typer.echo(paths.shown(str(path)))
        if not rule.own:
            entry = f'{code} = "PACKAGE.{rule.file}:{rule.cls}"'
            typer.echo(f'\nIn the pyproject.toml of its package:\n[project.entry-points."{GROUP}"]\n{entry}')


def new_rule(code: str, name: str, *, call: str, severity: Severity) -> NewRule:
    """The checked arguments. Raises `UsageError` if one of them is wrong."""
    if not re.fullmatch(CODE, code):
        raise UsageError(
            f"the code {code!r}", expected="capital letters and three digits or more, as in TD405 or ACME001"
        )
    if not re.fullmatch(NAME, name):
        raise UsageError(f"the name {name!r}", expected="lower case words with hyphens, as in slow-call")
    for text in (code, name):
        if other := rule_named(text):
            raise UsageError(f"{text} is taken by {other.code} ({other.name})", expected="a new code and a new name")
    function = _function(call)
    module = function.rpartition(".")[0]
    own = code.startswith(RESERVED)
    return NewRule(code=code, name=name, severity=severity, call=call, function=function, module=module, own=own)


def _function(call: str) -> str:
    """The dotted name of the function that `call` calls. Raises `UsageError` if it cannot be imported."""
    expected = "a call of a module's function as it would stand in a model: 'time.sleep(0)'"
    try:
        expression = ast.parse(call, mode="eval").body
    except SyntaxError as error:
        raise UsageError(f"--calls {call!r} is no expression: {error.msg}", expected=expected) from None
    called = ast.unparse(expression.func) if isinstance(expression, ast.Call) else ""
    module, _, function = called.rpartition(".")
    if not all(part.isidentifier() for part in called.split(".")) or not module:
        raise UsageError(f"--calls {call!r}", expected=expected)
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--calls {call!r}: {error}", expected="a function that can be imported") from None
    if isinstance(found, type) or not callable(found):
        raise UsageError(f"--calls {call!r}: {called} is no function", expected=expected)
    return called
