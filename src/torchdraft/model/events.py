"""Events: typed, frozen facts that the draft records while it traces, each with its place in the user's code.

An event carries data only, so that it is cheap to make during a trace. A rule (`torchdraft.rules`) turns it into an
issue after the trace. `torchdraft.rules.events` is the public name of this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Literal

Frame = tuple[CodeType, int, int]
"""One frame of a captured stack: its code object, the current line, and the current instruction (`f_lasti`), which
distinguishes two guards on one line. Formatted only for a reported issue."""


@dataclass(frozen=True, slots=True)
class SymbolOrigin:
    """The origin of a symbol: an input (`input`, written as the caller would write it), or an operation at a line."""

    input: str = ""
    op: str = ""
    stack: tuple[Frame, ...] = ()
    part: str = ""
    """The part of the expression's value that the symbol stands for: `.shape[0]`, `[1]`."""
    truth: bool = False
    """Whether the operation read a truth value."""
    inside: Frame | None = None
    """The frame of torch's Python code that ran the operation, where the user's line called such code."""
    computed: str = ""
    """How the operations of the trace computed it, as Python: `x.sum() > 0`. Only where the source is missing."""


@dataclass(frozen=True, slots=True)
class ObservedTensor:
    """Dtype and shape of a tensor, without a reference to the tensor."""

    dtype: Any
    shape: tuple[Any, ...]


Birth = SymbolOrigin
"""The earlier name of `SymbolOrigin`, for rules of other packages."""

SeenTensor = ObservedTensor
"""The earlier name of `ObservedTensor`, for rules of other packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact of the trace. `stack` has the user's frames, outermost first; `module` is the submodule's dotted name."""

    stack: tuple[Frame, ...] = ()
    inside: Frame | None = None
    """The frame of torch's Python code in which it happened, where the user's line called such code."""
    module: str = ""
    node: str | None = None
    """Name of the graph node that carries the fact (the assertion, the read), if there is one."""
    locals: Mapping[str, Any] = field(default_factory=dict)
    """The values of the names on the user's innermost line: `ObservedTensor`s, numbers, symbolic numbers."""
    condition: Any = None
    """The condition that the program asserts, as a symbolic expression, if it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResolved(Event):
    """A condition that symbols could not decide was evaluated on real values; the graph asserts the result."""

    expr: Any
    """The condition or number, as a sympy expression or as text."""
    value: Any
    symbols: Mapping[str, SymbolOrigin | str] = field(default_factory=dict)
    """Symbol → its origin. Filled in when the report is made."""
    kind: Literal["branch", "size"] = "branch"
    """`branch`: a truth value was needed. `size`: a number was fixed (`int(u0)` as a size, an index or a count)."""
    by: Literal["code", "operation"] = "code"
    """The source of the guard: Python code that branches, or an operation that needs to know a size."""
    other_side: str = ""
    """Why its other side is not in the program, where it was to be."""
    constant: bool = False
    """Whether the condition depends on constants alone, so that its value is the same in every call. Filled in when the
    report is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchKept(Event):
    """The program contains both sides of a branch of the model's Python code."""

    expr: Any
    """The condition, as a sympy expression."""
    value: bool
    """What the condition is on the traced path."""
    operations: tuple[int, int]
    """Operations of the side that was traced first, and of the other one."""
    loop: bool = False
    """Whether it ends a loop that the program contains as `torch.while_loop`: the operations are those of a turn."""
    symbols: Mapping[str, SymbolOrigin | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRead(Event):
    """Python read tensor data (`numpy`, `tolist`, `__repr__`, …)."""

    read: str
    dtype: str
    shape: tuple[str, ...]
    value: str
    asserted: Literal["value", "constant", "unused", "same", "no", "plain", "result"]
    """`value`/`constant`: the graph compares the data with the data read. `unused`: the value was only printed or
    logged. `same`: the tensor is computed from constants and is the same in every call. `no`: the data is too large to
    store, so the program is frozen to it. `plain`: an operator returned it as a plain Python value, which no symbol of
    the program represents, so the program is frozen to it. `result`: so did an operator whose results the program
    compares with those on the example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRead(Event):
    """Python read something about an input that is neither its data nor its size: strides, `requires_grad`."""

    read: str
    """The function or attribute: `is_contiguous`, `dtype`."""
    value: str
    asserted: Literal["memory", "no"]
    """What the program asserts about its input: the strides or the offset, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutFixed(Event):
    """Lowering fixed whether an operator returns a view of its argument or a copy, and the program depends on it."""

    op: str
    """The operator: `contiguous`, `reshape`."""
    asserted: Literal["memory", "no"]
    """What the program asserts about its input: the strides, or nothing."""
    trace: str = ""
    """The stack trace of the graph node, as text: a node keeps no code objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintViolated(Event):
    """A dimension that the caller declared dynamic became constant, or its range was narrowed."""

    dimension: str
    """The dimension, as the caller would write it: `x.shape[0]`."""
    asked: str
    """The requested `dynamic_shapes` entry."""
    got: str
    """What the program accepts."""
    guard: str
    """The guard, as the caller would write it. How the example contradicts the request, if `contradicted`."""
    symbolic: str = ""
    """The guard as a symbolic expression."""
    fix: str
    """The `dynamic_shapes` that the program accepts, as code to paste."""
    contradicted: bool = False
    """Whether no guard of the model is the reason: the example itself does not fit the requested entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionSpecialized(Event):
    """A dimension left to the tracer (`Dim.AUTO`, a hint) became constant, or was narrowed or tied to another one."""

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
    """A custom operator has no fake kernel; its real kernel was run on the values of the example."""

    op: str
    reason: str = ""
    schema: str = ""
    """The operator's schema: `mylib::foo(Tensor x) -> Tensor`."""
    learned: str = ""
    """What became of learning the sizes of its outputs, where that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelMismatched(Event):
    """A custom operator's fake kernel, or its schema, disagrees with its real kernel."""

    op: str
    reason: str
    fixes: bool = False
    """Whether the kernel fixes a size that the real one may leave free; `reason` names it and the kernel's line."""
    instead: str = ""
    """The kernel's line without what fixes the size, if it is known."""
    what: Literal["fake kernel", "schema"] = "fake kernel"
    learned: str = ""
    """What became of learning the sizes of its outputs, where that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedOutside(Event):
    """Tensor data was processed by code that bypasses the dispatcher (a pybind function, a thread, a C library)."""

    what: str
    asserted: bool = False
    """Whether the graph asserts the data passed to the code, so that the result is right where the assertion holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputMutated(Event):
    """The model mutates one of its inputs."""

    name: str
    kept: bool = True
    """Whether the graph contains the mutation. False if the input got other memory (`x.data = ...`)."""
    holds_others: bool = False
    """Whether the input is a container or an object whose content changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeWritten(Event):
    """`forward` assigned to a module attribute."""

    name: str
    """Dotted name from the root module."""
    before: str
    after: str
    kept: bool
    """Whether the graph contains the write (a buffer). False if it is lost."""
    same_each_time: bool = False
    """Whether the lost value depends on no input, so that every call of the program computes it again."""
    in_place: bool = False
    """Whether an operation wrote to the tensor that the attribute holds, which is no buffer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideStateWritten(Event):
    """A tensor of the trace, or a plain value, was stored in a global, a closure or a cache."""

    name: str
    same_each_time: bool = False
    """Whether the stored value depends on no input, so that every call of the program computes it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpureCall(Event):
    """Python's or NumPy's random numbers, a clock, the environment or a file was read."""

    what: str
    unused: bool = False
    """Whether a second trace, which got another result from the call, produced the same program."""
    absent: bool = False
    """Whether an environment variable was read that is not set, so that the model used its default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededDraw(Event):
    """Random numbers were drawn after `forward` set the seed."""

    what: str
    """The function that drew them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCalled(Event):
    """The model called a function that is in the `calls` of a rule."""

    function: str
    """The name in the rule's `calls`: `time.sleep`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRegistered(Event):
    """A class unknown to pytree was registered, so that the program can take or return its instances."""

    cls: str
    where: Literal["input", "output", "kept"]
    """`kept`: a constant input. No program can take it, so this one is made for the example's value."""
    paste: str
    """The line that another process needs before it loads the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionCaught(Event):
    """The model caught an exception during the trace; the program contains the path taken after it."""

    exception: str
    by_data: bool = False
    """Whether the operation may raise or not by the data of its arguments, which nothing asserts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMismatched(Event):
    """A control flow operator could not be kept as one node; the program contains the path that the example took."""

    operator: str = "torch.cond"
    reason: str
    branches: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """`true`, `false` → the outputs of that branch."""
    expr: Any = None
    """The symbolic condition that selected a branch of a `cond`."""
    value: Any = None
    symbols: Mapping[str, SymbolOrigin | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(Event):
    """Symbolic tracing failed in a submodule; its run on real values was recorded instead."""

    rung: Literal["island", "concrete"]
    exception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFrozen(Event):
    """Recording the run failed as well; the program returns the model's result on the example."""

    exception: str
    unasserted: tuple[str, ...] = ()
    """What the result also depends on and the program does not assert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictFellBack(Event):
    """Dynamo failed; the model was traced without it."""

    exception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PathsNotMerged(Event):
    """Both sides of the branches were to be kept, and no program with any of them could be made."""

    exception: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn(Event):
    """The trace needed a value of a weight without data; seeded random numbers were used as its surrogate."""

    name: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked(Event):
    """Part of the result could not be compared with the eager model."""

    reason: str
    wrong: bool = False
    """Whether it was compared and differs on the example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSaveable(Event):
    """A part of the program has no form in torch's file format."""

    what: str
    """The name of a weight or constant, or the operator."""
    reason: str
    trace: str = ""
    """The stack trace of the graph node, as text: a node keeps no code objects."""
