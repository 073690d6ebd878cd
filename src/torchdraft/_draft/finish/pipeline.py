"""Runs the graph passes: all of them after a trace, those of the stage SAVE again before a program is saved.

`ordered_passes` gives the order. The stages are described in `registry.Stage`; inside a stage, each pass declares which
ones it follows, and why. `docs/internals/graph-passes.md` lists the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import torch

from torchdraft._draft.custom_ops.fake_kernels import FakeKernels
from torchdraft._draft.custom_ops.op_guards import guard_ops
from torchdraft._draft.custom_ops.profiles.calls import RunsObserved, profiles_of
from torchdraft._draft.custom_ops.profiles.kernels import unsafe_generate_fake_kernels
from torchdraft._draft.tracing.event_log import EventLog
from torchdraft._draft.tracing.request import Request
from torchdraft._torch.exporters.export import lowered, make_inner_graphs_plain
from torchdraft._torch.graph.values import graph_modules

from .lowering.lowered_layouts import assert_layouts, fixed_layouts
from .passes.registry import PASSES, GraphPass, load, ordered

Resolved = Mapping[Any, Any]
"""sympy expression → the number that it is in every call: the guards that the trace resolved with real values and that
the program asserts."""


class InvalidGraph(RuntimeError):
    """A graph pass left a graph that `torch.fx.Graph.lint` refuses."""


def finish(
    program: torch.export.ExportedProgram,
    request: Request,
    kernels: FakeKernels,
    runs: RunsObserved,
    resolved: Resolved,
    log: EventLog,
) -> torch.export.ExportedProgram:
    """Guards inferred operators, lowers the program if `pre_dispatch=False` was requested, and runs the graph passes.

    Called after the trace, when the fake mode and the shape environment are plain objects of torch again.
    """
    kernels.profiles = profiles_of(program, kernels.inferred, runs)
    guard_ops(program, kernels)
    if not request.options.get("pre_dispatch", True):
        layouts = fixed_layouts(program)
        learned = {str(op) for op in kernels.learned}
        with unsafe_generate_fake_kernels({op: found for op, found in kernels.profiles.items() if op not in learned}):
            program = lowered(program)
        log.extend(assert_layouts(program, layouts))
    run_passes(program, ordered_passes(), resolved=resolved)
    make_inner_graphs_plain(program.graph_module)
    return program


def run_file_passes(program: torch.export.ExportedProgram) -> None:
    """Runs the passes that a program needs again before it is saved."""
    run_passes(program, [each for each in ordered_passes() if each.every_save])


@cache
def _ordered(passes: tuple[GraphPass, ...]) -> list[GraphPass]:
    return ordered(passes)


def ordered_passes() -> list[GraphPass]:
    """Every declared pass, in the order in which they run."""
    load()
    return _ordered(tuple(PASSES.values()))


def run_passes(program: torch.export.ExportedProgram, passes: Iterable[GraphPass], **given: Any) -> None:
    """Runs passes in order; `given` are the parameters that they need.

    A graph that a pass changed is checked before the next pass runs (`InvalidGraph` names the pass), and all of them
    are recompiled at the end.
    """
    changed: dict[torch.fx.GraphModule, None] = {}
    for each in passes:
        touched = _run(each, program, {name: given[name] for name in each.needs})
        for module in touched:
            _check(each, module)
        changed |= dict.fromkeys(touched)
    for module in changed:
        module.recompile()


def _run(
    each: GraphPass, program: torch.export.ExportedProgram, given: Mapping[str, Any]
) -> list[torch.fx.GraphModule]:
    """Runs one pass; returns the graph modules whose nodes it changed."""
    if each.whole_program:
        return [program.graph_module] if each.run(program, **given) else []
    return [module for module in graph_modules(program.graph_module) if each.run(module.graph, **given)]


def _check(each: GraphPass, module: torch.fx.GraphModule) -> None:
    try:
        module.graph.lint()
    except Exception as error:
        raise InvalidGraph(f"the graph pass {each.name} ({each.place}) left an invalid graph: {error}") from error
