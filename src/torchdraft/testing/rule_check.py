"""Checks a rule against its documentation page."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

import torchdraft
from torchdraft.model import Issue, Report
from torchdraft.rules import Rule, failures
from torchdraft.rules.registry import also
from torchdraft.rules.rule import CODE, NAME, SECTIONS

from .example import Example, running


def check_rule(rule: Rule[Any], *, beside: Collection[str] = ()) -> None:
    """Raise `AssertionError`, which lists all problems, unless `rule` behaves as its page says.

    The page has all sections, each with text. *Example* yields exactly one issue, which is this rule's, at the line
    marked with `# CODE`; if this comment has a line to itself, the issue has no line. *Use instead* yields no issue,
    exports with plain `torch.export.export`, and its program equals the eager model.

    Args:
        rule: the rule; it need not be registered.
        beside: codes of other rules that may report issues for the examples, for a rule that takes their events.

    """
    problems = list(_page_problems(rule))
    if not problems:
        with also(rule):
            problems += _problems_of("Example", _bad_problems, rule, beside)
            problems += _problems_of("Use instead", _good_problems, rule, beside)
    if problems:
        raise AssertionError("\n".join([f"{rule.code} ({rule.name}):", *(f"- {problem}" for problem in problems)]))


def _page_problems(rule: Rule[Any]) -> Iterator[str]:
    if not re.fullmatch(CODE, rule.code):
        yield f"the code {rule.code!r} is not of the form TD101: capital letters, then three digits or more"
    if not re.fullmatch(NAME, rule.name):
        yield f"the name {rule.name!r} is not lower case words with hyphens"
    sections = rule.sections()
    if tuple(sections) != SECTIONS:
        yield f"the docstring has the sections {', '.join(sections) or 'none'}; expected {', '.join(SECTIONS)}"
        return
    yield from (f"the section {title!r} is empty" for title, text in sections.items() if not text)
    for title, code in (("Example", rule.bad()), ("Use instead", rule.good())):
        if not code:
            yield f"the section {title!r} has no ```python block"


def _problems_of(section: str, find: Any, rule: Rule[Any], beside: Collection[str]) -> Iterator[str]:
    """The problems of a section. An example that raises is a problem too."""
    try:
        for problem in find(rule, beside):
            yield f"{section} {problem}"
    except Exception as error:
        yield f"{section} raises {type(error).__name__}: {error}"


def _bad_problems(rule: Rule[Any], beside: Collection[str]) -> Iterator[str]:
    lines = rule.bad().splitlines()
    marked = [number for number, line in enumerate(lines, 1) if re.search(rf"# {rule.code}\b", line)]
    if len(marked) != 1:
        yield f"marks {len(marked)} lines with `# {rule.code}`; expected one"
        return
    with running(rule.bad(), f"{rule.code}_bad") as example:
        report = _drafted(example)
    own = [issue for issue in report.issues if issue.code == rule.code]
    if len(own) != 1:
        yield f"yields {len(own)} issues of {rule.code}; expected one, at line {marked[0]}{_crash(rule, report)}"
    alone = lines[marked[0] - 1].lstrip().startswith("#")
    for issue in own:
        if alone and issue.location is not None:
            yield f"has its issue at {issue.location}; `# {rule.code}` in line {marked[0]} says that it has no line"
        if not alone and not _stands_at(issue, example.file, marked[0]):
            yield f"has its issue at {issue.location or 'no line'}; `# {rule.code}` marks line {marked[0]}"
    for issue in _others(report, rule, beside):
        yield f"also yields {_described(issue)}"


def _good_problems(rule: Rule[Any], beside: Collection[str]) -> Iterator[str]:
    with running(rule.good(), f"{rule.code}_good") as example:
        report = _drafted(example)
    own = [issue for issue in report.issues if issue.code == rule.code]
    for issue in [*own, *_others(report, rule, beside)]:
        yield f"yields {_described(issue)}"
    with running(rule.good(), f"{rule.code}_good") as example:
        yield from _differences(_exported(example), example)


def _exported(example: Example) -> torch.export.ExportedProgram:
    kwargs, shapes = dict(example.kwargs), example.dynamic_shapes
    return torch.export.export(example.model, example.args, kwargs, dynamic_shapes=shapes, strict=example.strict)


def _differences(program: torch.export.ExportedProgram, example: Example) -> Iterator[str]:
    """How the results of the program and of the model differ on the example."""
    calls = (program.module(), copy.deepcopy(example.model))  # a copy, because they would share buffers
    results = []
    for call in calls:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            results.append(_comparable(call(*example.args, **example.kwargs)))
    try:
        torch.testing.assert_close(*results)
    except AssertionError as error:
        yield f"gives a program that differs from eager: {error}"


def _comparable(value: Any) -> Any:
    return value if isinstance(value, torch.Tensor | tuple | list | dict) else vars(value)


def _drafted(example: Example) -> Report:
    with _uncompiled(example):
        program = torchdraft.draft_export(
            example.model,
            example.args,
            example.kwargs,
            dynamic_shapes=example.dynamic_shapes,
            strict=example.strict,
            paths=example.paths,
        )
    return program._report


def _uncompiled(example: Example) -> AbstractContextManager[Any]:
    """Keep eager `torch.cond` from compiling itself, which checks its branches.

    Not for strict examples: Dynamo traces nothing under this stance.
    """
    return nullcontext() if example.strict else torch.compiler.set_stance("force_eager")


def _others(report: Report, rule: Rule[Any], beside: Collection[str]) -> list[Issue]:
    """The issues of other rules, without the notes that another rule failed."""
    others = [issue for issue in report.issues if issue.code != rule.code and issue.code not in beside]
    return [issue for issue in others if issue.code != failures.CODE or issue.data.get("rule") == rule.code]


def _stands_at(issue: Issue, file: str, line: int) -> bool:
    return issue.location is not None and (issue.location.file, issue.location.line) == (file, line)


def _crash(rule: Rule[Any], report: Report) -> str:
    """The exception that the rule raised, if any; the report has it as a note."""
    notes = [issue for issue in report.issues if issue.code == failures.CODE and issue.data.get("rule") == rule.code]
    return f"; {notes[0].data['exception']}" if notes else ""


def _described(issue: Issue) -> str:
    return f"{issue.code} ({issue.severity}) at {issue.location or 'no line'}: {issue.message}"
