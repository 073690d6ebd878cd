"""Renders the contents of a program as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from torchdraft.model import Issue

from .contents import Assertion, Contents


def as_text(found: Contents, *, graph: bool = False) -> str:
    """All parts under headings; with `graph` the nodes of the graph in the place of its code."""
    parts = {
        "Inputs": found.inputs,
        "Outputs": found.outputs,
        "Range constraints": found.ranges,
        "Assertions": tuple(_lines(found.assertions)),
        "Graph" if graph else "Code": ((found.graph if graph else found.code) or "nothing matches").splitlines(),
    }
    sections = ["\n".join([heading, *("  " + line for line in lines)]) for heading, lines in parts.items() if lines]
    return "\n\n".join(section if "\n" in section else section + "\n  none" for section in sections)


def as_json(found: Contents) -> str:
    """The same as JSON."""
    assertions = [
        {
            "node": each.node,
            "condition": each.condition,
            "line": each.line,
            "issues": [{"code": issue.code, "message": issue.message} for issue in each.issues],
        }
        for each in found.assertions
    ]
    body = {
        "inputs": found.inputs,
        "outputs": found.outputs,
        "range_constraints": found.ranges,
        "assertions": assertions,
        "code": found.code,
        "graph": found.graph,
    }
    return json.dumps(body, indent=2)


def _lines(assertions: Iterable[Assertion]) -> Iterator[str]:
    """The conditions of one line and issue together, then the line and the issue."""
    for (line, _), group in groupby(assertions, key=lambda each: (each.line, [id(i) for i in each.issues])):
        same = list(group)
        yield from (f"{each.condition}  ({each.node})" for each in same)
        if line:
            yield f"    {line}"
        yield from (f"    {named(issue)}" for issue in same[0].issues)


def named(issue: Issue) -> str:
    """An issue in one line."""
    return f"{issue.code} {issue.name}: {issue.message}"
