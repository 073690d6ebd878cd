"""One event for each thing that a rule can say."""

from __future__ import annotations

from torchdraft._trace.events import (
    AttributeWritten,
    BranchMismatched,
    ComputedOutside,
    ConstraintViolated,
    DimensionSpecialized,
    ExceptionCaught,
    FellBack,
    GuardResolved,
    HostRead,
    ImpureCall,
    InputMutated,
    KernelMismatched,
    KernelMissing,
    NotChecked,
    OutsideStateWritten,
    ResultFrozen,
    StandIn,
    StrictFellBack,
    TypeRegistered,
)

_READ = {"read": "numpy", "dtype": "f32", "shape": ("2", "s0"), "value": "[1.0, 2.0]"}
_DIMENSION = {"dimension": "x.shape[0]", "asked": "Dim.AUTO", "got": "6"}
_TYPE = {"cls": "app.Batch", "paste": "torchdraft.register(app.Batch)"}

EVENTS = {
    "branch": GuardResolved(expr="u0 > 5", value="True", symbols={"u0": "x.item() at m.py:12"}),
    "size": GuardResolved(expr="u0", value="4", kind="size"),
    "branch-constant": GuardResolved(expr="u0 > 5", value="True", constant=True),
    "size-constant": GuardResolved(expr="u0", value="4", kind="size", constant=True),
    "read-value": HostRead(asserted="value", **_READ),
    "read-constant": HostRead(asserted="constant", **_READ),
    "read-unused": HostRead(asserted="unused", **_READ),
    "read-same": HostRead(asserted="same", **_READ),
    "read-too-large": HostRead(asserted="no", **_READ),
    "violated": ConstraintViolated(
        dimension="x.shape[0]",
        asked="Dim('rows')",
        got="11 and more",
        guard="s0 > 10",
        fix="{'x': {0: Dim('rows', min=11)}}",
    ),
    "specialized": DimensionSpecialized(guard="Eq(s0, 6)", **_DIMENSION),
    "specialized-unknown": DimensionSpecialized(**_DIMENSION),
    "zero-one": DimensionSpecialized(dimension="x.shape[0]", asked="Dim.AUTO", got="1", reason="zero-one"),
    "literal": DimensionSpecialized(guard="Eq(s0, 6)", reason="literal", **_DIMENSION),
    "kernel-missing": KernelMissing(op="mylib.foo.default"),
    "kernel-raises": KernelMissing(op="mylib.foo.default", reason="its fake kernel raised ValueError"),
    "kernel-mismatched": KernelMismatched(op="mylib.foo.default", reason="rank 2 against rank 1"),
    "outside": ComputedOutside(what="ctypes.memmove"),
    "stand-in": StandIn(name="encoder.weight", seed=0),
    "input-mutated": InputMutated(name="x"),
    "attribute-lost": AttributeWritten(name="encoder.calls", before="0", after="1", kept=False),
    "attribute-kept": AttributeWritten(name="encoder.total", before="f32[3]", after="f32[3]", kept=True),
    "outside-state": OutsideStateWritten(name="app.history"),
    "impure": ImpureCall(what="random.random()"),
    "impure-unused": ImpureCall(what="time.time", unused=True),
    "input-type": TypeRegistered(where="input", **_TYPE),
    "kept-input": TypeRegistered(where="kept", **_TYPE),
    "output-type": TypeRegistered(where="output", **_TYPE),
    "caught": ExceptionCaught(exception="RuntimeError: shape '[-1, 3]' is invalid"),
    "cond": BranchMismatched(reason="RuntimeError: expected same dtype but got float32 and float64"),
    "island": FellBack(rung="island", exception="TypeError: no len()", module="encoder.vq"),
    "concrete": FellBack(rung="concrete", exception="TypeError: no len()"),
    "native": FellBack(
        rung="concrete",
        exception="RuntimeError: The tensor has a non-zero number of elements, but its data is not allocated yet.",
    ),
    "frozen": ResultFrozen(exception="RuntimeError: no strides"),
    "frozen-in-part": ResultFrozen(exception="RuntimeError: no strides", unasserted=("random numbers",)),
    "strict": StrictFellBack(exception="Unsupported: call to zlib.crc32"),
    "not-checked": NotChecked(reason="weights have no data"),
    "differs": NotChecked(reason="out[0] differs by 0.25", wrong=True),
}
