"""Writes the files of a new rule: the rule, which works as it is, and its tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Severity
from torchdraft.rules import events, issues_from
from torchdraft.rules.plugins import RESERVED

RULES = Path("src/torchdraft/rules/catalogue")
SAMPLES = Path("tests/rules/sample_events.py")
CONTRACT = Path("tests/rules/catalogue/test_catalogue.py")
MESSAGES = Path("tests/rules/catalogue/snapshots/messages.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """The arguments of `new-rule`, for a rule that reports calls of one function."""

    code: str
    name: str
    severity: Severity
    call: str
    """The call as in a model: `time.sleep(0)`."""
    function: str
    module: str
    own: bool
    """Whether the rule is torchdraft's own and not another package's."""

    @property
    def cls(self) -> str:
        """The name of its class: `slow-call` → `SlowCall`."""
        return "".join(word.capitalize() for word in self.name.split("-"))

    @property
    def file(self) -> str:
        """The name of its module: `td405_slow_call`."""
        return f"{self.code}_{self.name}".lower().replace("-", "_")


def write_rule(rule: NewRule, folder: Path) -> list[Path]:
    """Write the rule and its tests. Returns the files, new ones first.

    A rule of torchdraft's own is written into the catalogue of the checkout around `folder`, another package's rule
    into `folder`.
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
    raise UsageError(
        f"codes that start with {RESERVED} are torchdraft's own, and {folder.resolve()} is no checkout of it",
        expected="a checkout of torchdraft around the folder, or a code that starts with other letters",
    )


def _own_files(rule: NewRule, root: Path) -> dict[Path, str]:
    """File → new text, for every file that changes with a rule of torchdraft's own."""
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
    """The text of the sample events with an import of `FunctionCalled`."""
    text = path.read_text(encoding="utf-8")
    name = "    FunctionCalled,"
    return text if name in text else _insert(text, "from torchdraft.model.events import (", name, ordered=True)


def _inserted(path: Path, opening: str, line: str, *, ordered: bool = False, before: str | None = None) -> str:
    return _insert(before or path.read_text(encoding="utf-8"), opening, line, ordered=ordered)


def _insert(text: str, opening: str, line: str, *, ordered: bool) -> str:
    """`text` with `line` inserted into the block after `opening`: in alphabetical order, or at the end."""
    lines = text.splitlines()
    first = lines.index(opening) + 1
    last = next(number for number in range(first, len(lines)) if lines[number] in ("}", ")"))
    after = [number for number in range(first, last) if lines[number] > line] if ordered else []
    lines.insert(after[0] if after else last, line)
    return "\n".join(lines) + "\n"


def _message(rule: NewRule, source: str) -> str:
    """The line for the rule's issue in the snapshot of messages."""
    scope: dict[str, Any] = {"__name__": rule.file}
    exec(compile(source, f"{rule.file}.py", "exec"), scope)
    (issue,) = issues_from([events.FunctionCalled(function=rule.function)], [scope[rule.cls]()])
    return f"{issue.code} {issue.severity}: {issue.message}"


def _rendered(template: str, rule: NewRule) -> str:
    from jinja2 import Environment, StrictUndefined  # takes long to import

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True, autoescape=False)
    source = files(__package__).joinpath("templates", template).read_text(encoding="utf-8")
    event = "FunctionCalled" if rule.own else "events.FunctionCalled"
    return environment.from_string(source).render(**asdict(rule), cls=rule.cls, file=rule.file, event=event)


def _write(texts: Mapping[Path, str], new: list[Path]) -> list[Path]:
    for path in new:
        if path.exists():
            raise UsageError(f"{path} is there already", expected="a file that does not exist yet")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _documented(root: Path) -> list[Path]:
    """Write the pages under docs/ with the checkout's own tool, in a new process, which finds the new rule."""
    done = subprocess.run(
        [sys.executable, str(root / "tools/gen_docs.py")], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UsageError(f"tools/gen_docs.py failed: {done.stderr.strip()[-500:]}", advice="make docs")
    return [root / line for line in done.stdout.split()]
