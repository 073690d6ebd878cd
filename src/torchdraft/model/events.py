"""What tracing tells: typed, frozen facts, each with the place in the user's code where it happened.

Events carry data only, cheap to make while a trace runs. Turning one into words is a rule's work (`torchdraft.rules`);
a rule never runs while the model is being traced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Literal

Frame = tuple[CodeType, int, int]
"""One frame of a captured stack: its code object, the line that was running, and the instruction (`f_lasti`), which
tells two guards on one line apart. Formatted only for a reported issue."""


@dataclass(frozen=True, slots=True)
class SymbolOrigin:
    """Where a symbol comes from: from an input (`input` in the caller's terms), or from an operation at a line."""

    input: str = ""
    op: str = ""
    stack: tuple[Frame, ...] = ()
    part: str = ""
    """What of the line's value it is: `.shape[0]`, `[1]`."""
    truth: bool = False
    """Whether the operation read a truth value."""


@dataclass(frozen=True, slots=True)
class SeenTensor:
    """The outside of a tensor: nothing that keeps it alive."""

    dtype: Any
    shape: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact of the trace. `stack` holds the user's frames, outermost first; `module` the submodule's dotted name."""

    stack: tuple[Frame, ...] = ()
    module: str = ""
    node: str | None = None
    """Name of the graph node that carries the fact (the assertion, the read), where there is one."""
    locals: Mapping[str, Any] = field(default_factory=dict)
    """What the names on the innermost user's line stood for: `SeenTensor`s, numbers, symbolic numbers."""
    condition: Any = None
    """What the program asserts for it, as the trace has it, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResolved(Event):
    """A condition no symbol could decide was answered by real values; the graph asserts the answer."""

    expr: Any
    """The condition or number, as the trace has it (a sympy expression) or as text."""
    value: Any
    symbols: Mapping[str, SymbolOrigin | str] = field(default_factory=dict)
    """Symbol → where it was born. Filled in when the report is made."""
    kind: Literal["branch", "size"] = "branch"
    """`branch`: a truth value was needed. `size`: a number was fixed (`int(u0)` used as a size, index or count)."""
    by: Literal["code", "operation"] = "code"
    """What asked: Python code that branches, or an operation that has to know something of a size."""
    constant: bool = False
    """Whether it was asked of constants alone: the answer is the same in every call. Known when the report is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRead(Event):
    """Python read tensor data (`numpy`, `tolist`, `__repr__`, …)."""

    read: str
    dtype: str
    shape: tuple[str, ...]
    value: str
    asserted: Literal["value", "constant", "unused", "same", "no"]
    """`value`/`constant`: the graph compares the data with what was read. `unused`: the value was only printed or
    logged. `same`: it is made of constants, the same in every call. `no`: too large to store; the program is frozen to
    it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintViolated(Event):
    """A dimension the caller declared dynamic had to be fixed or narrowed."""

    dimension: str
    """The dimension in the caller's terms: `x.shape[0]`."""
    asked: str
    got: str
    guard: str
    """In the caller's terms."""
    symbolic: str = ""
    """The same as the trace has it."""
    fix: str
    """The `dynamic_shapes` that hold, as code to paste."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionSpecialized(Event):
    """A dimension left to the tracer (`Dim.AUTO`, a hint) ended constant, narrowed or tied to another."""

    dimension: str
    asked: str
    got: str
    guard: str = ""
    symbolic: str = ""
    fix: str = ""
    reason: Literal["guard", "zero-one", "literal"] = "guard"
    """`zero-one`: the example size is 0 or 1. `literal`: the model names the example's size in its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelMissing(Event):
    """A custom operator has no fake kernel; its real kernel was run on the example's values."""

    op: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelMismatched(Event):
    """A custom operator's fake kernel disagrees with its real kernel."""

    op: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedOutside(Event):
    """Tensor data went through code no dispatcher sees (a pybind function, a thread, a C library)."""

    what: str
    asserted: bool = False
    """Whether the data that the code was given is asserted in the graph: where that holds, the outcome is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputMutated(Event):
    """The model writes to one of its inputs."""

    name: str
    kept: bool = True
    """True where the graph keeps the write, False where the input got other memory (`x.data = ...`) and it can't."""
    holds_others: bool = False
    """Whether it is a container or an object, to which things were added, or from which they were taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeWritten(Event):
    """`forward` assigned a module attribute."""

    name: str
    """Dotted name from the root module."""
    before: str
    after: str
    kept: bool
    """True where the graph keeps the write (a buffer), False where it is lost."""
    same_each_time: bool = False
    """What is lost depends on no input: a table that every call of the program makes anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideStateWritten(Event):
    """A tensor of the trace, or a plain value, was left in a global, a closure or a cache."""

    name: str
    same_each_time: bool = False
    """What was left depends on no input: a table that every call of the program makes anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpureCall(Event):
    """Python's or NumPy's random numbers, a clock, the environment or a file was read."""

    what: str
    unused: bool = False
    """Whether a second trace, which heard another answer, made the same program."""
    absent: bool = False
    """Whether it is a variable of the environment that is not set: the model went on with its default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededDraw(Event):
    """Random numbers were drawn after a seed that `forward` itself sets."""

    what: str
    """The function that drew them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCalled(Event):
    """The model called a function that a rule asks to hear of."""

    function: str
    """As the rule names it: `time.sleep`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRegistered(Event):
    """A class unknown to pytree was registered so that the program can be called with it or return it."""

    cls: str
    where: Literal["input", "output", "kept"]
    """`kept`: an input that no program can take, so that the program is made for the example's value."""
    paste: str
    """The line another process needs before it loads the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionCaught(Event):
    """The model caught an exception raised while it was traced; the program holds the path taken after it."""

    exception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMismatched(Event):
    """A control flow operator could not be kept whole; the program holds the path that the example took."""

    operator: str = "torch.cond"
    reason: str
    branches: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """`true` and `false` → the outputs of that branch."""
    expr: Any = None
    """The condition that chose a branch of a `cond`, as the trace has it."""
    value: Any = None
    symbols: Mapping[str, SymbolOrigin | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(Event):
    """Symbolic tracing broke in a submodule; its real run was recorded instead."""

    rung: Literal["island", "concrete"]
    exception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFrozen(Event):
    """Not even the recorded run made a program; the program returns what the model returned on the example."""

    exception: str
    unasserted: tuple[str, ...] = ()
    """What else the result depends on that the program does not hold to the example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictFellBack(Event):
    """Dynamo gave up; the model was traced without it."""

    exception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn(Event):
    """A value was demanded of a weight that has no data; a seeded stand-in answered."""

    name: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked(Event):
    """Part of the result could not be compared with eager."""

    reason: str
    wrong: bool = False
    """It was compared, and differs on the example itself."""
