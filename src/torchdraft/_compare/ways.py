"""The ways to capture a model. Each takes a target and returns something to call, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._source.locations import is_framework
from torchdraft._targets.target import Target
from torchdraft._torch.exporters import compilation

from .result import Break


@dataclass(frozen=True, slots=True)
class Captured:
    """A captured model."""

    run: Callable[..., Any]
    program: torch.export.ExportedProgram | None = None
    note: str = ""
    breaks: tuple[Break, ...] = ()


def _eager(found: Target) -> Captured:
    found.model(*found.args, **found.kwargs)
    return Captured(found.model)


def _exported(found: Target, *, strict: bool) -> Captured:
    program = torch.export.export(
        found.model, found.args, dict(found.kwargs), dynamic_shapes=found.dynamic_shapes, strict=strict
    )
    return Captured(program.module(), program)


def _torch_draft(found: Target) -> Captured:
    program = torch.export.draft_export(
        found.model, found.args, dict(found.kwargs), dynamic_shapes=found.dynamic_shapes
    )
    report = getattr(program, "_report", None)
    failures = len(getattr(report, "failures", ()))
    return Captured(program.module(), program, f"{failures} findings" if failures else "")


def _torchdraft(found: Target) -> Captured:
    import torchdraft

    program = torchdraft.draft_export(found.model, found.args, dict(found.kwargs), dynamic_shapes=found.dynamic_shapes)
    summary = torchdraft.report(program).summary().partition(": ")[2]
    return Captured(program.module(), program, summary)


def _compiled(found: Target) -> Captured:
    """Compiled with a backend that runs the graphs as they are: what is compared is the capture."""
    breaks: dict[tuple[str, str], None] = {}

    def noted(gm: torch.fx.GraphModule, _inputs: Any) -> Any:
        return gm.forward

    explained = compilation.explain(found.model)(*found.args, **found.kwargs)
    for each in explained.break_reasons:
        frames = [frame for frame in each.user_stack if not is_framework(frame.filename)] or list(each.user_stack)
        line = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        breaks[(line, str(each.reason).strip().partition("\n")[0])] = None
    compilation.reset()
    compiled = torch.compile(found.model, backend=noted)
    compiled(*found.args, **found.kwargs)
    count = explained.graph_count
    graphs = f"{count} graph{'s' * (count != 1)}, {len(breaks)} break{'s' * (len(breaks) != 1)}"
    return Captured(compiled, None, graphs, tuple(Break(line=line, reason=reason) for line, reason in breaks))


WAYS: Mapping[str, Callable[[Target], Captured]] = {
    "eager": _eager,
    "export": lambda found: _exported(found, strict=False),
    "export strict": lambda found: _exported(found, strict=True),
    "draft_export": _torch_draft,
    "torchdraft": _torchdraft,
    "torch.compile": _compiled,
}
"""Name → way, in the order of the table."""


def dynamic_dimensions(program: torch.export.ExportedProgram | None) -> tuple[str, ...]:
    """`x.shape[0]`, for each dimension of an input that is a symbol."""
    if program is None:
        return ()
    user = set(program.graph_signature.user_inputs)
    return tuple(
        f"{node.name}.shape[{index}]"
        for node in program.graph.find_nodes(op="placeholder")
        if node.name in user and isinstance(node.meta.get("val"), torch.Tensor)
        for index, size in enumerate(node.meta["val"].shape)
        if not isinstance(size, int)
    )
