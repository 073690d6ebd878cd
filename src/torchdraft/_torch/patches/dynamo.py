"""Patches of Dynamo for strict tracing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any

from torchdraft._torch.dynamo import UserFrame, _frames, _plain
from torchdraft._torch.probe import need

from .registry import patched


@contextmanager
def dynamo_adopts(make_mode: Callable[..., Any]) -> Iterator[None]:
    """Dynamo's output graph builds `ShapeEnv(...)` and `torch._subclasses.FakeTensorMode(shape_env=...)` by these names
    (`torch/_dynamo/output_graph.py`, `OutputGraph.__init__`). `make_mode(env_options, mode_options)` makes both.
    """
    output_graph: Any = need("torch._dynamo.output_graph")
    subclasses: Any = need("torch._subclasses")
    need("torch._dynamo.output_graph:ShapeEnv")
    own_mode = need("torch._subclasses:FakeTensorMode")

    def env(**options: Any) -> Any:
        return make_mode(options, None)

    def mode(*args: Any, **options: Any) -> Any:
        made = make_mode(None, options) if options.get("shape_env") is not None else None
        return own_mode(*args, **options) if made is None else made

    with patched(output_graph, "ShapeEnv", env), patched(subclasses, "FakeTensorMode", mode):
        yield


@contextmanager
def assertions_written() -> Iterator[None]:
    """Strict export leaves what Dynamo assumed out of Dynamo's graph (`do_not_emit_runtime_asserts`).

    The ops of that graph are traced a second time, under new symbols that nobody would assert anything of. Here Dynamo
    writes its assertions.
    """
    config: Any = need("torch.export._trace:DEFAULT_EXPORT_DYNAMO_CONFIG")
    with patched(config, "do_not_emit_runtime_asserts", False):
        yield


@dataclass(frozen=True, slots=True)
class SideEffect:
    """Something outside `forward` that Dynamo saw it write."""

    source: str
    """What was written to, as an expression: `L['self']._modules['inner'].history`."""
    attributes: Mapping[str, Any]
    """Attribute → what it became, where that is a plain value; empty where a container was written."""
    stack: tuple[UserFrame, ...]


@contextmanager
def side_effects_reported(tell: Callable[[SideEffect], None]) -> Iterator[None]:
    """Calls `tell` for every write that Dynamo would replay after the graph; export drops them."""
    output_graph: Any = need("torch._dynamo.output_graph:OutputGraph")
    config: Any = need("torch._dynamo.config")
    own = need("torch._dynamo.output_graph:OutputGraph.get_replayed_side_effect_source_refs")
    name_of = need("torch._dynamo.source:_get_source_debug_name")

    def told(self: Any, **options: Any) -> Any:
        effects = self.side_effects
        names = own(self, **options)
        for var in effects._get_modified_vars():
            if (source := name_of(var.source)) in names:
                written = {k: _plain(v) for k, v in effects.store_attr_mutations.get(var, {}).items()}
                stacks = effects.mutation_user_stacks.get(var)
                tell(SideEffect(source, written, _frames(stacks[-1]) if stacks else ()))
        return names

    warned = config.patch(side_effect_replay_policy="warn")
    with patched(output_graph, "get_replayed_side_effect_source_refs", told), warned:
        yield


@contextmanager
def interpreted_calls_reported(code: CodeType, tell: Callable[[tuple[Any, ...]], None]) -> Iterator[None]:
    """Calls `tell` with the plain arguments of each call of the function with that code that Dynamo interprets: nothing
    runs it, so that no watch of the function sees them.
    """
    translator: Any = need("torch._dynamo.symbolic_convert:InliningInstructionTranslator")
    own: Any = need("torch._dynamo.symbolic_convert:InliningInstructionTranslator.inline_call")

    def inline_call(cls: Any, parent: Any, func: Any, args: Any, kwargs: Any, *others: Any, **options: Any) -> Any:
        if func.get_code() is code:
            tell(tuple(_plain(variable) for variable in args))
        return own.__func__(cls, parent, func, args, kwargs, *others, **options)

    with patched(translator, "inline_call", classmethod(inline_call)):
        yield
