"""Patches of Dynamo, which interprets the model in strict tracing and control flow operators in any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from torchdraft._torch.dynamo import UserFrame, frames_of, plain_value
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import STRICT, TRACE
from torchdraft._torch.probe import need

_source_name: Any = need("torch._dynamo.source:_get_source_debug_name")
_ADOPTED = (
    "Strict export creates its fake mode and its shape environment inside Dynamo; torchdraft needs its own there."
)
_BY_NAME = "torch/_dynamo/output_graph.py, OutputGraph.__init__: uses both by these names"


@patches("torch._dynamo.output_graph:ShapeEnv", scope=STRICT, why=_ADOPTED, upstream=_BY_NAME)
def shape_env_adopted(_original: Any, dynamo_mode: Callable[..., Any]) -> Any:
    """Creates the shape environment with `dynamo_mode(env_options, None)`."""

    def env(**options: Any) -> Any:
        return dynamo_mode(options, None)

    return env


@patches("torch._subclasses:FakeTensorMode", scope=STRICT, why=_ADOPTED, upstream=_BY_NAME)
def fake_mode_adopted(original: Any, dynamo_mode: Callable[..., Any]) -> Any:
    """Creates a fake mode with a shape environment by `dynamo_mode(None, mode_options)`."""

    def mode(*args: Any, **options: Any) -> Any:
        made = dynamo_mode(None, options) if options.get("shape_env") is not None else None
        return original(*args, **options) if made is None else made

    return mode


@patches(
    "torch._dynamo.variables.functions:UserFunctionVariable.get_code",
    scope=TRACE,
    why="Dynamo interprets the branches of control flow operators. It knows the functions of Python, and not what the "
    "model's code calls instead of them during a draft.",
)
def original_code_interpreted(
    original: Any, original_code: Callable[[CodeType], CodeType]
) -> Callable[[Any], CodeType]:
    """Returns the code that `original_code` says was there before the draft."""
    return lambda variable: original_code(original(variable))


@patches(
    "torch.export._trace:DEFAULT_EXPORT_DYNAMO_CONFIG.do_not_emit_runtime_asserts",
    scope=STRICT,
    why="The ops of Dynamo's graph are traced a second time, with new symbols, and nothing asserts what Dynamo assumed "
    "about the first ones.",
)
def assertions_emitted(_original: Any) -> bool:
    """Makes Dynamo write its runtime assertions into its graph."""
    return False


@dataclass(frozen=True, slots=True)
class SideEffect:
    """A write to something that exists outside of `forward`, observed by Dynamo."""

    source: str
    """The object written to, as an expression: `L['self']._modules['inner'].history`."""
    attributes: Mapping[str, Any]
    """Attribute → its new value, where that is a plain value; empty where a container was written."""
    stack: tuple[UserFrame, ...]


@patches(
    "torch._dynamo.output_graph:OutputGraph.get_replayed_side_effect_source_refs",
    scope=STRICT,
    why="Export drops the writes that Dynamo would replay after the graph; torchdraft reports them.",
)
def side_effects_reported(original: Any, on_side_effect: Callable[[SideEffect], None]) -> Any:
    """Calls `on_side_effect` for each write that Dynamo would replay after the graph."""

    def source_refs(self: Any, **options: Any) -> Any:
        effects = self.side_effects
        names = original(self, **options)
        for var in effects._get_modified_vars():
            if (source := _source_name(var.source)) in names:
                written = {k: plain_value(v) for k, v in effects.store_attr_mutations.get(var, {}).items()}
                stacks = effects.mutation_user_stacks.get(var)
                on_side_effect(SideEffect(source, written, frames_of(stacks[-1]) if stacks else ()))
        return names

    return source_refs


@patches("torch._dynamo.config:side_effect_replay_policy", scope=STRICT, why="See `side_effects_reported`.")
def side_effects_collected(_original: Any) -> str:
    """Makes Dynamo compute the list of side effects."""
    return "warn"


@patches(
    "torch._dynamo.symbolic_convert:InliningInstructionTranslator.inline_call",
    scope=STRICT,
    why="Dynamo interprets a function instead of running it, so a patch of the function is not called.",
)
def interpreted_calls_reported(
    original: Any, interpreted_code: CodeType, on_interpreted_call: Callable[[tuple[Any, ...]], None]
) -> Any:
    """Calls `on_interpreted_call` with the plain arguments of each interpreted call of `interpreted_code`."""

    def inline_call(cls: Any, parent: Any, func: Any, args: Any, kwargs: Any, *others: Any, **options: Any) -> Any:
        if func.get_code() is interpreted_code:
            on_interpreted_call(tuple(plain_value(variable) for variable in args))
        return original.__func__(cls, parent, func, args, kwargs, *others, **options)

    return classmethod(inline_call)
