"""The assumptions of a program: the assertions of its graph, and the guards on its inputs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from torchdraft._draft.report.graph_nodes import nodes_of
from torchdraft._source.locations import user_frames_of_text
from torchdraft.model import Issue, Severity

_ATEN = torch.ops.aten

ASSERTIONS = (_ATEN._assert_scalar.default, _ATEN._assert_async.msg, _ATEN._assert_async.default)
_RUNTIME = re.compile(r"Runtime assertion failed for expression (.*?)(?: on node '(\w+)')?$")


def issues_by_node(issues: Iterable[Issue]) -> dict[str, list[Issue]]:
    """Node → the issues above `note` that are about it."""
    found: dict[str, list[Issue]] = {}
    for issue in issues:
        for name in nodes_of(issue) if issue.severity > Severity.NOTE else ():
            found.setdefault(name, []).append(issue)
    return found


def is_assertion(node: torch.fx.Node) -> bool:
    """Whether a node asserts a condition."""
    return node.op == "call_function" and node.target in ASSERTIONS


def assertions(graph: torch.fx.Graph) -> Iterator[torch.fx.Node]:
    """The assertions of one graph, in order."""
    return (node for node in graph.nodes if is_assertion(node))


def text_of_assertion(node: torch.fx.Node, issues: Iterable[Issue], title: Any) -> str:
    """The assertion in one line."""
    titles = [title(issue) for issue in issues]
    if titles:
        return "; ".join(dict.fromkeys(titles))
    message = " ".join(str(node.args[1]).split()) if len(node.args) > 1 else "an assertion of the program"
    named, runtime, _ = message.partition(". Runtime assertion failed")
    if runtime:
        return named  # the issue and its line, which the message begins with
    condition = _RUNTIME.search(message)
    if condition is None:
        return message
    return f"{condition[1]}{place_of(node)}"


def place_of(node: torch.fx.Node) -> str:
    """Where a node comes from, as ` at model.py:16`; empty if that is not known."""
    frames = user_frames_of_text(node.meta.get("stack_trace") or _stack_before(node))
    return f" at {os.path.basename(frames[-1].file)}:{frames[-1].line}" if frames else ""


def _stack_before(node: torch.fx.Node) -> str:
    """The stack trace of the nodes that compute the condition."""
    waiting, seen = list(node.all_input_nodes), set()
    while waiting:
        each = waiting.pop(0)
        if each in seen:
            continue
        seen.add(each)
        if found := each.meta.get("stack_trace"):
            return str(found)
        waiting.extend(each.all_input_nodes)
    return ""
