"""Dynamo: strict export makes its fake mode inside; here it makes ours, and says where in the user's code it is.

Nothing here imports Dynamo before it is used: that costs a second, and most drafts never need it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from .patch import patched
from .probe import need

UserFrame = tuple[CodeType, int, int]
"""Code, line and instruction, as in `torchdraft._trace.events.Frame`."""


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
def side_effects_told(tell: Callable[[SideEffect], None]) -> Iterator[None]:
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
def calls_interpreted_told(code: CodeType, tell: Callable[[tuple[Any, ...]], None]) -> Iterator[None]:
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


def _plain(variable: Any) -> Any:
    """The value behind a variable of Dynamo's; its type's name where it has no plain one."""
    try:
        return variable.as_python_constant()
    except Exception:
        return getattr(variable, "python_type_name", lambda: "?")()


def stack_where_it_gave_up(error: BaseException) -> tuple[UserFrame, ...]:
    """The user's frames that Dynamo interpreted when it raised `error`, outermost first."""
    stack = getattr(error, "real_stack", None)
    return _frames(stack) if stack else ()


def reason_it_gave_up(error: BaseException) -> str:
    """Dynamo's headline and, on one line, its explanation."""
    head, _, rest = str(error).strip().partition("\n")
    told = re.search(r"Explanation: (.*?)(?:\n\s*\n|\n\s*Hint:|$)", rest, re.DOTALL)
    return " ".join(f"{head}: {told[1]}".split()) if told else head


def _frames(summary: Any) -> tuple[UserFrame, ...]:
    """Dynamo keeps names and lines, not code objects; an empty function's code lends itself to them."""
    return tuple((_code(f.filename, f.name), f.lineno or 0, _NO_INSTRUCTION) for f in summary)


def _code(file: str, name: str) -> CodeType:
    return (lambda: None).__code__.replace(co_filename=file, co_name=name, co_qualname=name)


_NO_INSTRUCTION = 1 << 30


def interpreted(frame: FrameType) -> UserFrame | None:
    """The user's code, line and instruction that Dynamo interprets in `frame`, if `frame` is Dynamo's interpreter."""
    code = frame.f_code
    if code.co_name != "run" or not code.co_filename.endswith(_INTERPRETER):
        return None
    translator = frame.f_locals.get("self")
    user_code, line = getattr(translator, "f_code", None), getattr(translator, "lineno", -1)
    if not isinstance(user_code, CodeType):
        return None
    instruction = getattr(getattr(translator, "current_instruction", None), "offset", None)
    return user_code, line, instruction or 0


_INTERPRETER = os.path.join("torch", "_dynamo", "symbolic_convert.py")


def dynamo_tracer() -> Any:
    """What writes down the operations Dynamo sees now: the graph's, or that of a branch in it; None outside Dynamo."""
    module: Any = sys.modules.get("torch._dynamo.symbolic_convert")
    translator = getattr(module.tls, "current_tx", None) if module is not None else None
    return translator.output.current_tracer if translator is not None else None
