"""Checks the arguments of `torchdraft new-rule`."""

from __future__ import annotations

import ast
import importlib
import re

from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Severity
from torchdraft.rules import rule_named
from torchdraft.rules.plugins import RESERVED
from torchdraft.rules.rule import CODE, NAME

from .write import NewRule


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
