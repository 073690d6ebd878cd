"""Finds the issues of a report that explain a rejected or a wrong input."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

import torch
from torch.export.graph_signature import OutputKind

from torchdraft._verify.inputs.interface import Interface
from torchdraft._verify.run.compare import Difference
from torchdraft.model import Issue, Location, Report, Severity

from .failure import SYMBOL, Failure, frames_of


def report_of(program: torch.export.ExportedProgram) -> Report | None:
    """The report of a program that torchdraft made, otherwise None."""
    report = getattr(program, "_report", None)
    return report if isinstance(report, Report) else None


def broken_by(failure: Failure, issues: Sequence[Issue], interface: Interface | None) -> tuple[Issue, ...]:
    """The issues whose assumption the input violates; several if they cannot be distinguished.

    The criteria are tried in this order until one matches an issue: the failing node; the failing line; the line where
    a symbol of the issue originates; a line in the stack of the issue; the dimensions in the failed condition; the
    symbols in it. Of several matches, only those that share a symbol with the condition are returned, if there are any.
    An assertion of a recorded run has no line, so it matches every issue of severity `guarded`.
    """
    assumed = [issue for issue in issues if issue.severity > Severity.NOTE]
    nodes = {failure.node.name, *(node.name for node in failure.node.all_input_nodes)} if failure.node else set()
    dimensions = _dimensions(failure, interface)
    guarded = failure.kind == "assertion" and failure.location is None
    ways: tuple[Callable[[Issue], bool], ...] = (
        lambda issue: issue.node in nodes,
        lambda issue: _is_at(issue.location, failure),
        lambda issue: _symbol_originates_at(issue, failure),
        lambda issue: any(_is_at(frame, failure) for frame in issue.user_stack),
        lambda issue: issue.data.get("dimension") in dimensions,
        lambda issue: any(name.startswith(("u", "zu")) for name in failure.symbols & _symbols(issue)),
        lambda issue: guarded and issue.severity is Severity.GUARDED,
    )
    for way in ways:
        if found := [issue for issue in assumed if way(issue)]:
            sharing = [issue for issue in found if failure.symbols & _symbols(issue)]
            return tuple(sharing or found)
    return ()


def may_explain(
    program: torch.export.ExportedProgram, found: Sequence[Difference], issues: Sequence[Issue]
) -> tuple[Issue, ...]:
    """The issues of severity `baked` on the lines that compute a wrong output. All such issues if no line matches: a
    baked value can also reach the output through Python, outside of the graph.
    """
    baked = [issue for issue in issues if issue.severity is Severity.BAKED]
    lines = {line for each in found for line in _lines_behind(program, each)}
    located = [i for i in baked if i.location is not None and (i.location.file, i.location.line) in lines]
    return tuple(located or baked)


def _is_at(place: Location | None, failure: Failure) -> bool:
    own = failure.location
    return own is not None and place is not None and (own.file, own.line) == (place.file, place.line)


def _symbol_originates_at(issue: Issue, failure: Failure) -> bool:
    """True if a symbol of the issue originates on the failing line: its origin is a text like `x.item() at m.py:12`."""
    own = failure.location
    here = f" at {os.path.basename(own.file)}:{own.line}" if own is not None else ""
    return bool(here) and any(origin.endswith(here) for origin in issue.symbols.values())


def _symbols(issue: Issue) -> frozenset[str]:
    return frozenset(issue.symbols) | frozenset(SYMBOL.findall(issue.expr or ""))


def _dimensions(failure: Failure, interface: Interface | None) -> set[str]:
    """The dimensions in the failed condition, in the user's terms: `x.shape[0]`."""
    found = set(re.findall(r"[\w.\[\]']+?\.shape\[\d+\]", failure.condition))
    for leaf in interface.leaves if interface is not None else ():
        for index, size in enumerate(leaf.shape):
            names = {str(symbol) for symbol in size.free_symbols}
            own = (f"{leaf.path}.shape[{index}]", f"{leaf.name}.shape[{index}]")
            if names & failure.symbols or found & set(own):
                found.update(own)
        if leaf.number is not None and {str(s) for s in leaf.number.free_symbols} & failure.symbols:
            found.add(leaf.path)
    return found


def _lines_behind(program: torch.export.ExportedProgram, found: Difference) -> set[tuple[str, int]]:
    """File and line of every operation that contributes to a wrong output."""
    if found.part != "result":
        return set()
    specs = program.graph_signature.output_specs
    results = next(node for node in program.graph.nodes if node.op == "output").args[0]
    own = [node for node, spec in zip(results, specs, strict=True) if spec.kind is OutputKind.USER_OUTPUT]
    waiting = [own[found.leaf]] if found.leaves == len(own) else []
    seen: set[torch.fx.Node] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, torch.fx.Node) and node not in seen:
            seen.add(node)
            waiting.extend(node.all_input_nodes)
    return {(frame.file, frame.line) for node in seen for frame in frames_of(node)}
