"""The graph of a program as plain data: what the HTML page shows of it, and what a report's JSON can hold of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NodeKind = Literal["input", "weight", "constant", "call", "output", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPlace:
    """A line of the user's code that made nodes."""

    file: str
    line: int
    function: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedNode:
    """One node of the graph, or of a subgraph of a control flow operator."""

    name: str
    target: str
    """The operator (`aten.linear.default`); the dotted name of a weight; the name of an input."""
    kind: NodeKind = "call"
    code: str = ""
    """The call with its arguments; long ones are cut."""
    inputs: tuple[int, ...] = ()
    """The numbers of the nodes that it reads."""
    value: str = ""
    """Dtype and shape: `f32[s77, 8]`; several are separated by commas."""
    module: str = ""
    """Dotted name of the submodule that ran it."""
    graph: str = ""
    """Name of the subgraph that has it; empty for the program's own graph."""
    place: int | None = None
    """Number of the user's line in `places`."""
    issues: tuple[int, ...] = ()
    """Numbers of the report's issues that it carries: the assertion, the read, the call of the operator."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The nodes of a program, with their places in the user's code and in the module hierarchy."""

    nodes: tuple[ListedNode, ...] = ()
    """In the order of execution. The nodes of a subgraph stand before the operator that runs it."""
    places: tuple[ListedPlace, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    """Dotted name of a submodule → its class."""
    ranges: Mapping[str, str] = field(default_factory=dict)
    """Symbol of a size or number → the values that the program accepts: `[2, ∞]`."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """File → its text, of files that the nodes and issues are in."""
