"""The names of inputs in a strict trace, where Dynamo numbers them.

Strict export gives Dynamo a wrapper that takes the flattened inputs, so the source of a dimension is
`L['flat_args'][3].size()[0]`. The report needs the names that the caller wrote.
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
    """A source with the caller's name, in place of Dynamo's."""

    name: str


@dataclass(frozen=True, slots=True)
class Tracked:
    """An input that the shape environment tracks, with the caller's name."""

    fake: Any
    source: Named


@contextmanager
def inputs_named(request: Request, context: TraceContext) -> Iterator[None]:
    """In this block the shape environment and the symbol origins name the inputs as the caller does."""
    names = [f"L['{name}']{path}" for name, path in _leaf_names(request)]

    def renamed(text: str) -> str:
        return _FLAT.sub(lambda m: names[int(m[1])] if int(m[1]) < len(names) else m[0], text)

    env = context.shape_env
    tracked, sources = env.tracked_fakes, env.var_to_sources
    env.tracked_fakes = [Tracked(t.fake, Named(renamed(t.source.name))) for t in tracked or ()]
    env.var_to_sources = {s: [Named(renamed(source.name)) for source in found] for s, found in sources.items()}
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
