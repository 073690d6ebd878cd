"""Writes a rule that works, for its author to change."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from torchdraft._targets.usage_error import Mistake
from torchdraft.rules import events, issues_from
from torchdraft.rules.plugins import RESERVED

from .new_rule import NewRule

RULES = Path("src/torchdraft/rules/catalogue")
SAMPLES = Path("tests/rules/sample_events.py")
CONTRACT = Path("tests/rules/test_rules.py")
MESSAGES = Path("tests/rules/snapshots/messages.txt")


def write_rule(rule: NewRule, folder: Path) -> list[Path]:
    """Writes the rule and what tests it; the files, the new ones first.

    torchdraft's own goes where its rules are, in the checkout around `folder`; another package's into `folder`.
    """
    if rule.own:
        root = _checkout(folder)
        texts = _own_files(rule, root)
        written = _write(texts, new=[root / RULES / f"{rule.file}.py"])
        return [*written, *_documented(root)]
    new = {folder / f"{rule.file}.py": _rendered("rule.py.j2", rule)}
    new[folder / f"test_{rule.file}.py"] = _rendered("test_rule.py.j2", rule)
    return _write(new, new=list(new))


def _checkout(folder: Path) -> Path:
    for root in (folder.resolve(), *folder.resolve().parents):
        if (root / RULES).is_dir() and (root / SAMPLES).is_file():
            return root
    raise Mistake(
        f"codes that start with {RESERVED} are torchdraft's own, and {folder.resolve()} is no checkout of it",
        expected="a checkout of torchdraft around the folder, or a code that starts with other letters",
    )


def _own_files(rule: NewRule, root: Path) -> dict[Path, str]:
    """Every file that a rule of torchdraft's own is in, with its new text."""
    source = _rendered("rule.py.j2", rule)
    contract = f'    "{rule.code}": ("{rule.name}", "{rule.severity}"),'
    sample = f'    "{rule.name}": FunctionCalled(function="{rule.function}"),'
    return {
        root / RULES / f"{rule.file}.py": source,
        root / CONTRACT: _inserted(root / CONTRACT, "CONTRACT = {", contract, ordered=True),
        root / SAMPLES: _inserted(root / SAMPLES, "EVENTS = {", sample, before=_import_added(root / SAMPLES)),
        root / MESSAGES: (root / MESSAGES).read_text(encoding="utf-8") + _message(rule, source) + "\n",
    }


def _import_added(path: Path) -> str:
    """The sample events with `FunctionCalled` among the imports."""
    text = path.read_text(encoding="utf-8")
    name = "    FunctionCalled,"
    return text if name in text else _insert(text, "from torchdraft.model.events import (", name, ordered=True)


def _inserted(path: Path, opening: str, line: str, *, ordered: bool = False, before: str | None = None) -> str:
    return _insert(before or path.read_text(encoding="utf-8"), opening, line, ordered=ordered)


def _insert(text: str, opening: str, line: str, *, ordered: bool) -> str:
    """`text` with `line` in the block that `opening` begins: in alphabetical order, or last."""
    lines = text.splitlines()
    first = lines.index(opening) + 1
    last = next(number for number in range(first, len(lines)) if lines[number] in ("}", ")"))
    after = [number for number in range(first, last) if lines[number] > line] if ordered else []
    lines.insert(after[0] if after else last, line)
    return "\n".join(lines) + "\n"


def _message(rule: NewRule, source: str) -> str:
    """The line of the rule's issue among the messages that the tests compare."""
    scope: dict[str, Any] = {"__name__": rule.file}
    exec(compile(source, f"{rule.file}.py", "exec"), scope)
    (issue,) = issues_from([events.FunctionCalled(function=rule.function)], [scope[rule.cls]()])
    return f"{issue.code} {issue.severity}: {issue.message}"


def _rendered(template: str, rule: NewRule) -> str:
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True, autoescape=False)
    source = files(__package__).joinpath("templates", template).read_text(encoding="utf-8")
    event = "FunctionCalled" if rule.own else "events.FunctionCalled"
    return environment.from_string(source).render(**asdict(rule), cls=rule.cls, file=rule.file, event=event)


def _write(texts: Mapping[Path, str], new: list[Path]) -> list[Path]:
    for path in new:
        if path.exists():
            raise Mistake(f"{path} is there already", expected="a file that can be written anew")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _documented(root: Path) -> list[Path]:
    """The pages under docs/, written by the checkout's own tool, in a process that knows the new file."""
    done = subprocess.run(
        [sys.executable, str(root / "tools/gen_docs.py")], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Mistake(f"tools/gen_docs.py failed: {done.stderr.strip()[-500:]}", advice="make docs")
    return [root / line for line in done.stdout.split()]
