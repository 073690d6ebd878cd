"""Puts the issue of each assertion into the assertion's message, so that a run that fails names it."""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch

from torchdraft._source.symbolic.symbols import SYMBOL
from torchdraft.model import Issue, Severity

from .graph_nodes import nodes_of

ASSERTIONS = (torch.ops.aten._assert_scalar.default, torch.ops.aten._assert_async.msg)


def name_issues_in_assertions(program: torch.export.ExportedProgram, issues: Iterable[Issue]) -> None:
    """Puts the issues in front of the messages of the assertions that carry them. A file keeps the messages."""
    titles: dict[str, list[str]] = {}
    for issue in issues:
        for name in nodes_of(issue) if issue.severity > Severity.NOTE else ():
            titles.setdefault(name, []).append(title_of(issue))
    nodes = [node for node in program.graph.nodes if node.target in ASSERTIONS]
    of_symbols = {_symbols(node): titles[node.name] for node in nodes if node.name in titles}
    of_symbols.pop(frozenset(), None)
    changed = False
    for node in nodes:
        # A condition is asserted in parts (`Ne(u0, 0)` and `u0 >= 1`), and any of them can be the first to fail.
        found = titles.get(node.name) or of_symbols.get(_symbols(node))
        if found:
            node.args = (node.args[0], f"{'; '.join(dict.fromkeys(found))}. {node.args[1]}")
            changed = True
    if changed:
        program.graph_module.recompile()


def _symbols(node: torch.fx.Node) -> frozenset[str]:
    """The symbols in the message of an assertion."""
    return frozenset(SYMBOL.findall(str(node.args[1])))


def title_of(issue: Issue) -> str:
    """The issue in one line: `TD101 model.py:16: feats.std().item() > 0.5 was True in the example`."""
    where = issue.location
    place = f" {os.path.basename(where.file)}:{where.line}" if where is not None else ""
    if issue.expr is None or issue.value is None:
        return f"{issue.code}{place}: {issue.name}"
    return f"{issue.code}{place}: {' '.join(issue.expr.split())} was {issue.value} in the example"
