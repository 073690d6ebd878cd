"""What `torchdraft new-rule` is asked for."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass

from torchdraft._targets.usage_error import Mistake
from torchdraft.model import Severity
from torchdraft.rules import rule_named
from torchdraft.rules.plugins import RESERVED
from torchdraft.rules.rule import CODE, NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """What is written of a rule that speaks of calls of one function."""

    code: str
    name: str
    severity: Severity
    call: str
    """As it would stand in a model: `time.sleep(0)`."""
    function: str
    module: str
    own: bool
    """One of torchdraft's own; otherwise another package's."""

    @property
    def cls(self) -> str:
        """Its class: `slow-call` → `SlowCall`."""
        return "".join(word.capitalize() for word in self.name.split("-"))

    @property
    def file(self) -> str:
        """Its module: `td405_slow_call`."""
        return f"{self.code}_{self.name}".lower().replace("-", "_")


def new_rule(code: str, name: str, *, call: str, severity: Severity) -> NewRule:
    """Raises `Mistake` where one of these can't be what it is to be."""
    if not re.fullmatch(CODE, code):
        raise Mistake(f"the code {code!r}", expected="capital letters and three digits or more, as in TD405 or ACME001")
    if not re.fullmatch(NAME, name):
        raise Mistake(f"the name {name!r}", expected="lower case words with hyphens, as in slow-call")
    for text in (code, name):
        if taken := rule_named(text):
            raise Mistake(f"{text} is taken by {taken.code} ({taken.name})", expected="a code and a name of its own")
    function = _function(call)
    module = function.rpartition(".")[0]
    own = code.startswith(RESERVED)
    return NewRule(code=code, name=name, severity=severity, call=call, function=function, module=module, own=own)


def _function(call: str) -> str:
    """The dotted name of what `call` calls, which has to be there."""
    expected = "a call of a module's function as it would stand in a model: 'time.sleep(0)'"
    try:
        expression = ast.parse(call, mode="eval").body
    except SyntaxError as error:
        raise Mistake(f"--calls {call!r} is no expression: {error.msg}", expected=expected) from None
    called = ast.unparse(expression.func) if isinstance(expression, ast.Call) else ""
    module, _, function = called.rpartition(".")
    if not all(part.isidentifier() for part in called.split(".")) or not module:
        raise Mistake(f"--calls {call!r}", expected=expected)
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise Mistake(f"--calls {call!r}: {error}", expected="a function that can be imported") from None
    if isinstance(found, type) or not callable(found):
        raise Mistake(f"--calls {call!r}: {called} is no function", expected=expected)
    return called
