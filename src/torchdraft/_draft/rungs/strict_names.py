"""Inputs under their own names where Dynamo calls them by number.

Strict export hands Dynamo a wrapper that takes the flattened inputs. There a dimension is
`L['flat_args'][3].size()[0]`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torchdraft._torch import pytree

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.request import Request

_FLAT = re.compile(r"L\['flat_args'\]\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Named:
    """Stands in for one of Dynamo's sources."""

    name: str


@dataclass(frozen=True, slots=True)
class Tracked:
    """Stands in for one of the shape environment's tracked inputs."""

    fake: Any
    source: Named


@contextmanager
def inputs_named(request: Request, context: TraceContext) -> Iterator[None]:
    """Inside, what the trace remembers of its inputs names them as the caller does."""
    names = [f"L['{name}']{path}" for name, path in _leaf_names(request)]

    def told(text: str) -> str:
        return _FLAT.sub(lambda m: names[int(m[1])] if int(m[1]) < len(names) else m[0], text)

    env = context.shape_env
    tracked, sources = env.tracked_fakes, env.var_to_sources
    env.tracked_fakes = [Tracked(t.fake, Named(told(t.source.name))) for t in tracked or ()]
    env.var_to_sources = {s: [Named(told(source.name)) for source in found] for s, found in sources.items()}
    context.origins.input_names = {s: found[0].name for s, found in env.var_to_sources.items() if found}
    try:
        yield
    finally:
        env.tracked_fakes, env.var_to_sources = tracked, sources


def _leaf_names(request: Request) -> list[tuple[str, str]]:
    """`("x", "[0]['mask']")` for each leaf of the inputs, in the order in which they are flattened."""
    parameters = list(inspect.signature(request.mod.forward).parameters.values())
    found = []
    for keys, _ in pytree.leaves_with_path((request.args, dict(request.kwargs))):
        top, first, *rest = keys
        name, path = str(getattr(first, "key", "")), ""
        if top.idx == 0:
            name, path = _positional(parameters, first.idx)
        found.append((name, path + pytree.keystr(rest)))
    return found


def _positional(parameters: list[inspect.Parameter], index: int) -> tuple[str, str]:
    for place, parameter in enumerate(parameters):
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            return parameter.name, f"[{index - place}]"
        if place == index:
            return parameter.name, ""
    return f"arg{index}", ""
