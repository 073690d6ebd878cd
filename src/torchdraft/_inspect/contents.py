"""What is in a program: its inputs and outputs, ranges of sizes, assertions with their issues, and its code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from torchdraft._verify.explain.blame import report_of
from torchdraft._verify.explain.failure import frames_of
from torchdraft.model import Issue, Severity

_MESSAGE = re.compile(r"Runtime assertion failed for expression (.*?)(?: on node '\w+')?$")
_NODE_OF_LINE = re.compile(r"^ +(\w+)(?::[^=]*)? = ")


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion of the graph, or a condition on the inputs."""

    node: str
    condition: str
    line: str
    """The user's line behind it, with its place."""
    issues: tuple[Issue, ...]
    """The issues of the report whose assumption it asserts; none for one that torch adds by itself."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A program in parts, as text."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    ranges: tuple[str, ...]
    assertions: tuple[Assertion, ...]
    code: str
    graph: str


def contents(
    program: torch.export.ExportedProgram, *, grep: re.Pattern[str] | None = None, module: str = ""
) -> Contents:
    """The parts of a program. Of the graph those nodes that are in the submodule `module`, and in whose text, with the
    user's line behind them, `grep` is found.
    """
    nodes = [node for node in program.graph.nodes if _is_in(node, module) and _matches(node, grep)]
    names = {node.name for node in nodes}
    everything = grep is None and not module
    return Contents(
        inputs=tuple(_signature(str(spec)) for spec in program.graph_signature.input_specs),
        outputs=tuple(_signature(str(spec)) for spec in program.graph_signature.output_specs),
        ranges=tuple(f"{symbol} in {values}" for symbol, values in program.range_constraints.items()),
        assertions=tuple(each for each in _assertions(program) if everything or each.node in names),
        code=_code(program, None if everything else names.__contains__),
        graph="\n".join(text for node in nodes if (text := node.format_node())),
    )


def modules_of(program: torch.export.ExportedProgram) -> list[str]:
    """The dotted names of the submodules that the nodes of a program come from."""
    return sorted({name for node in program.graph.nodes for name in _stack(node)} - {""})


def _is_in(node: torch.fx.Node, module: str) -> bool:
    return not module or any(name == module or name.startswith(module + ".") for name in _stack(node))


def _stack(node: torch.fx.Node) -> list[str]:
    """The dotted names of the submodules in which a node was made, outermost first."""
    found = (entry[0] for entry in (node.meta.get("nn_module_stack") or {}).values())
    return [str(name).removeprefix("L['self'].") for name in found if not str(name).startswith("_empty_nn_module")]


def _matches(node: torch.fx.Node, grep: re.Pattern[str] | None) -> bool:
    if grep is None:
        return True
    lines = " ".join(f"{frame.file}:{frame.line} {frame.source}" for frame in frames_of(node))
    return grep.search(f"{node.format_node() or node.name} {node.target} {lines}") is not None


def _signature(spec: str) -> str:
    return " ".join(spec.split())


def _assertions(program: torch.export.ExportedProgram) -> Iterator[Assertion]:
    report = report_of(program)
    issues = [issue for issue in report.issues if issue.severity > Severity.NOTE] if report is not None else []
    for node in program.graph.nodes:
        if "assert" not in str(node.target):
            continue
        texts = [argument for argument in node.args if isinstance(argument, str)]
        match = _MESSAGE.search(texts[-1]) if texts else None
        condition = match[1] if match else (texts[-1] if texts else str(node.target) + str(node.args[1:] or ""))
        frames = frames_of(node)
        line = f"{frames[-1].file}:{frames[-1].line}  {frames[-1].source.strip()}" if frames else ""
        yield Assertion(node.name, condition, line, tuple(_behind(node, issues)))


def _behind(node: torch.fx.Node, issues: list[Issue]) -> list[Issue]:
    """The issues with this node, or else with its line."""
    names = {node.name, *(each.name for each in node.all_input_nodes)}
    if found := [issue for issue in issues if issue.node in names]:
        return found
    frames = frames_of(node)
    place = (frames[-1].file, frames[-1].line) if frames else None
    return [issue for issue in issues if issue.location and (issue.location.file, issue.location.line) == place]


def _code(program: torch.export.ExportedProgram, kept: Callable[[str], bool] | None) -> str:
    """The readable code; with `kept` the lines of these nodes, under the comments that say where they come from."""
    code: str = program.graph_module.print_readable(print_output=False)
    if kept is None:
        return code.strip("\n")
    lines: list[str] = []
    comment = ""
    for line in code.splitlines():
        match = _NODE_OF_LINE.match(line)
        if line.strip().startswith("#"):
            comment = line
        elif match and kept(match[1]):
            lines += [comment] * bool(comment) + [line]
            comment = ""
    return "\n".join(lines)
