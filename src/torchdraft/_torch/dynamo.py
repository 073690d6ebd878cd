"""Dynamo: strict export makes its fake mode inside; here it makes ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .probe import need


@contextmanager
def dynamo_adopts(make_mode: Callable[..., Any]) -> Iterator[None]:
    """Dynamo's output graph builds `ShapeEnv(...)` and `torch._subclasses.FakeTensorMode(shape_env=...)` by these names
    (`torch/_dynamo/output_graph.py`, `OutputGraph.__init__`). `make_mode(env_options, mode_options)` makes both.
    """
    output_graph: Any = need("torch._dynamo.output_graph")
    subclasses: Any = need("torch._subclasses")
    own_env, own_mode = need("torch._dynamo.output_graph:ShapeEnv"), need("torch._subclasses:FakeTensorMode")

    def env(**options: Any) -> Any:
        return make_mode(options, None)

    def mode(*args: Any, **options: Any) -> Any:
        made = make_mode(None, options) if options.get("shape_env") is not None else None
        return own_mode(*args, **options) if made is None else made

    output_graph.ShapeEnv = env
    subclasses.FakeTensorMode = mode
    try:
        yield
    finally:
        output_graph.ShapeEnv = own_env
        subclasses.FakeTensorMode = own_mode
