"""Declares graph passes.

    @graph_pass(Stage.REWRITE, why="A file stores `item()` without a value as a node that returns nothing.")
    def drop_unused_reads(graph: torch.fx.Graph) -> bool:
        ...

A pass is found because its file is in this folder, or because its file was imported. Its name is the function's.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar

Run = TypeVar("Run", bound=Callable[..., bool])


class Stage(enum.IntEnum):
    """When a pass runs. The stages follow each other in this order."""

    REWRITE = 1
    """Replaces operations by others. First, because the other stages describe the operations that remain."""
    DESCRIBE = 2
    """Makes the signature and the example inputs agree with the graph."""
    SAVE = 3
    """Changes how a program is written to a file, and not what it computes. Runs again before every save: the user may
    have made a new program of the finished one, with `run_decompositions` for example."""


@dataclass(frozen=True, slots=True, eq=False)
class GraphPass:
    """One declared pass."""

    run: Callable[..., bool]
    """Returns whether it changed nodes; the pipeline then recompiles and checks the graph."""
    stage: Stage
    whole_program: bool
    """Whether `run` takes the exported program; otherwise it is called for the graph of each nested graph module."""
    why: str
    """What fails, or is wrong, without the pass."""
    upstream: str
    """The function of torch, or the issue, that the pass works around."""
    after: Mapping[str, str]
    """Names of passes of the same stage that have to run earlier, each with the reason."""
    needs: tuple[str, ...] = field(init=False)
    """Further parameters of `run`, passed by name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", tuple(list(inspect.signature(self.run).parameters)[1:]))

    @property
    def name(self) -> str:
        """The name of the declared function."""
        return self.run.__name__

    @property
    def what(self) -> str:
        """The first paragraph of the declared function's docstring, on one line."""
        return " ".join((self.run.__doc__ or "").strip().partition("\n\n")[0].split())

    @property
    def place(self) -> str:
        """Module and name of the declared function."""
        return f"{self.run.__module__}.{self.run.__qualname__}"

    @property
    def every_save(self) -> bool:
        """Whether the pass runs again before every save."""
        return self.stage is Stage.SAVE


PASSES: dict[str, GraphPass] = {}
"""The declared passes by name."""


def graph_pass(
    stage: Stage, *, why: str, upstream: str = "", after: Mapping[str, str] | None = None
) -> Callable[[Run], Run]:
    """Declares `def f(graph, …) -> bool`, which is called for each graph of a program, nested ones included.

    A parameter `resolved` receives the guards that were resolved with real values (see `pipeline.Resolved`). Raises
    `ValueError` where a pass of this name is declared in another place.
    """
    return _declaration(stage, why, upstream, after or {}, whole_program=False)


def program_pass(
    stage: Stage, *, why: str, upstream: str = "", after: Mapping[str, str] | None = None
) -> Callable[[Run], Run]:
    """Declares `def f(program, …) -> bool`, which is called once with the exported program. Otherwise `graph_pass`."""
    return _declaration(stage, why, upstream, after or {}, whole_program=True)


def _declaration(
    stage: Stage, why: str, upstream: str, after: Mapping[str, str], *, whole_program: bool
) -> Callable[[Run], Run]:
    def declare(run: Run) -> Run:
        declared = GraphPass(run, stage, whole_program, why, upstream, after)
        other = PASSES.get(declared.name)
        if other is not None and other.place != declared.place:
            raise ValueError(f"two graph passes are called {declared.name}: {other.place} and {declared.place}")
        PASSES[declared.name] = declared
        return run

    return declare


@cache
def load() -> None:
    """Imports every module of the folder `finish`, so that the passes that they declare are known."""
    package = importlib.import_module((__package__ or "").rpartition(".")[0])
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)


def ordered(passes: Iterable[GraphPass]) -> list[GraphPass]:
    """The passes by stage, inside a stage as their `after` says, and otherwise by module and name.

    Raises `ValueError` where `after` names no pass of the same stage, or where passes wait for each other.
    """
    named = {each.name: each for each in sorted(passes, key=lambda each: (each.stage, each.place))}
    for each in named.values():
        for other in each.after:
            if other not in named or named[other].stage is not each.stage:
                raise ValueError(f"the graph pass {each.name} runs after {other!r}, which is no pass of its stage")
    return [each for stage in Stage for each in _sorted([e for e in named.values() if e.stage is stage])]


def _sorted(passes: list[GraphPass]) -> list[GraphPass]:
    named = {each.name: each for each in passes}
    sorter: TopologicalSorter[Any] = TopologicalSorter({each.name: set(each.after) for each in passes})
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError(f"graph passes wait for each other: {' → '.join(error.args[1])}") from None
    order: list[GraphPass] = []
    waiting: list[str] = []
    while sorter.is_active():
        waiting = sorted({*waiting, *sorter.get_ready()}, key=list(named).index)
        first, *waiting = waiting
        order.append(named[first])
        sorter.done(first)
    return order
