"""Writes a report as a trace log of torch, which `tlparse --export` turns into its page.

tlparse knows four kinds of failure. Each issue above `note` becomes one entry of the kind that torch would report, with
its code and its message among the variables, which tlparse prints. File names are numbers, as in torch's logs.

tlparse puts some texts into its page as they are and escapes others. The former are escaped here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from torchdraft.model import FailureType, Issue, Location, Report, Severity
from torchdraft.model.listing import Listing
from torchdraft.model.torch_view import failure_type_of

NAME = "torchdraft_trace.log"
"""The file in a folder."""

_HEAD = "V0101 00:00:00.000000 1 torch/export/_draft_export.py:1] "
"""The form of the head is all that tlparse reads of it."""


def write_trace_log(report: Report, path: Path) -> Path:
    """Write the log to a file that ends in `.log`, or into a folder. Returns the file."""
    file = path if path.suffix == ".log" else path / NAME
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(trace_log(report), encoding="utf-8", errors="backslashreplace")
    return file


def trace_log(report: Report) -> str:
    """The text of the log."""
    return "".join(_entries(report))


def _entries(report: Report) -> Iterator[str]:
    failing = [issue for issue in report.issues if issue.severity > Severity.NOTE]
    files: dict[str, int] = {}
    for issue in failing:
        for frame in issue.user_stack:
            if frame.file not in files:
                files[frame.file] = len(files)
                yield _line({"str": [frame.file, files[frame.file]]})
    for number, row in _reachable(report, failing):
        yield _line({"expression_created": _expression(number, row, files)})
    unused = max(report.expressions_created, default=0) + 1
    for number, issue in enumerate(failing, unused):
        name = _KINDS[failure_type_of(issue)]
        if name.endswith("fake_kernel"):
            yield _line({name: _kernel(issue)})
            continue
        own = issue.data.get("expr_node_id")
        if (
            not isinstance(own, int) or own not in report.expressions_created
        ):  # tlparse ends with an error if a condition has no expression
            own = number
            yield _line({"expression_created": _whole(number, issue, files)})
        yield _line({name: _condition(issue, own, files)})
    text = str(report) if report.listing is None else "\n".join(_program(report.listing))
    yield _with_payload({"exported_program": {}}, text)


def _program(listing: Listing) -> Iterator[str]:
    """The nodes as lines of code, below the lines of the source that made them."""
    place = None
    for node in listing.nodes:
        if node.place != place and node.place is not None:
            at = listing.places[node.place]
            yield f"# {at.file}:{at.line} in {at.function}"
        place = node.place
        indent = "    " * (node.graph.count(".") + 1 if node.graph else 0)
        code = f"{node.target}({node.code})" if node.kind == "call" else node.kind
        yield f"{indent}{node.name}{f': {node.value}' if node.value else ''} = {code}"


_KINDS = {
    FailureType.MISSING_FAKE_KERNEL: "missing_fake_kernel",
    FailureType.MISMATCHED_FAKE_KERNEL: "mismatched_fake_kernel",
    FailureType.DATA_DEPENDENT_ERROR: "propagate_real_tensors_provenance",
    FailureType.GUARD_ADDED: "guard_added",
}


def _kernel(issue: Issue) -> dict[str, Any]:
    op = str(issue.data.get("op") or issue.expr)
    return {"op": escape(op), "reason": escape(str(issue.data.get("reason") or issue.message))}


def _condition(issue: Issue, number: int, files: dict[str, int]) -> dict[str, Any]:
    return {
        "expr": _without_tags(f"{issue.code} {issue.expr or issue.name}"),
        "result": escape(issue.value or str(issue.severity)),
        "user_stack": [_frame(frame, files) for frame in issue.user_stack],
        "stack": [],
        "symbol_to_sources": _escaped(issue.symbols),
        "frame_locals": {
            "loc": issue.location.source.strip() if issue.location else "",
            "locals": _escaped({**issue.locals, f"{issue.code} {issue.name} ({issue.severity})": issue.message}),
            "symbols": _escaped(issue.symbols),
        },
        "prefix": "eval",
        "expr_node_id": number,
    }


def _whole(number: int, issue: Issue, files: dict[str, int]) -> dict[str, Any]:
    """An expression without parts, for an issue whose condition is not in the table."""
    return {
        "method": issue.code,
        "result": escape(issue.expr or issue.name),
        "result_id": number,
        "arguments": [],
        "argument_ids": [],
        "user_stack": [_frame(frame, files) for frame in issue.user_stack],
        "stack": [],
    }


def _reachable(report: Report, issues: list[Issue]) -> Iterator[tuple[int, Any]]:
    """The rows of the table of expressions that conditions of the issues are made of, parts first."""
    table = report.expressions_created
    wanted = [issue.data["expr_node_id"] for issue in issues if issue.data.get("expr_node_id") in table]
    found: set[int] = set()
    while wanted:
        number = wanted.pop()
        if number not in found and number in table:
            found.add(number)
            wanted += table[number].get("argument_ids") or ()
    yield from ((number, table[number]) for number in sorted(found))


def _expression(number: int, row: Any, files: dict[str, int]) -> dict[str, Any]:
    frames = [
        Location(each["filename"], each["line"], each["name"], each["loc"]) for each in row.get("user_stack") or ()
    ]
    return {
        "method": escape(str(row.get("method", ""))),
        "result": escape(str(row.get("result", ""))),
        "result_id": number,
        "arguments": [escape(str(each)) for each in row.get("arguments") or ()],
        "argument_ids": list(row.get("argument_ids") or ()),
        "user_stack": [_frame(frame, files) for frame in frames if frame.file in files],
        "stack": [],
    }


def _frame(frame: Location, files: dict[str, int]) -> dict[str, Any]:
    return {"line": frame.line, "name": frame.function, "filename": files[frame.file], "loc": frame.source.strip()}


def _escaped(texts: Mapping[str, str]) -> dict[str, str]:
    return {escape(name): escape(text) for name, text in texts.items()}


def _without_tags(text: str) -> str:
    """A text that tlparse escapes in one place and not in another: a zero-width space keeps tags from beginning."""
    return re.sub(r"([<&])(?=[\w/!?#])", "\\1\u200b", text)


def _line(entry: dict[str, Any]) -> str:
    return f"{_HEAD}{json.dumps(entry)}\n"


def _with_payload(entry: dict[str, Any], payload: str) -> str:
    digest = hashlib.md5(payload.encode("utf-8", "backslashreplace"), usedforsecurity=False).hexdigest()
    lines = "".join(f"\t{line}\n" for line in payload.splitlines())
    return _line({**entry, "has_payload": digest}) + lines
