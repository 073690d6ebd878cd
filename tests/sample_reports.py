"""Reports that several tests look at."""

from __future__ import annotations

from torchdraft.model import Branch, BrokenRung, Dimension, Issue, Location, Report, Severity, Stats

CALLER = Location("/app/model.py", 30, "Net.forward", "        return self.encoder(x, lens)")
LINE = Location("/app/encoder.py", 12, "Encoder.forward", "        if lens.max().item() > 5 and self.ready:", 11, 32)
LIBRARY = Location("/venv/lib/python3.11/site-packages/vq/core.py", 40, "VQ.forward", "        codes = self.search(x)")

BRANCH = Issue(
    code="TD101",
    name="data-dependent-branch",
    severity=Severity.GUARDED,
    message="A branch depends on a tensor's data: `u0 > 5` was True. The program follows that path and raises where "
    "the condition differs.",
    location=LINE,
    user_stack=(CALLER, LINE),
    expr="u0 > 5",
    value="True",
    symbols={"u0": "lens.max().item() at encoder.py:12"},
    locals={"x": "f32[2, s0]", "lens": "i64[2]"},
    occurrences=3,
    node="_assert_scalar",
    modules=("encoder.0", "encoder.1"),
    data={"values": ["True", "False"]},
)
CLOCK = Issue(
    code="TD404",
    name="python-randomness-or-clock",
    severity=Severity.BAKED,
    message="`random.random()` was read while tracing. The program keeps what it gave then.",
    location=LIBRARY,
    user_stack=(CALLER, LIBRARY),
    expr="random.random()",
    data={"what": "random.random()"},
)
MUTATION = Issue(
    code="TD401",
    name="input-mutation",
    severity=Severity.NOTE,
    message="The model writes to its input `x[0] <tensor>`; the program does the same.",
    expr="x",
)
VIOLATION = Issue(
    code="TD201",
    name="constraint-violation",
    severity=Severity.SPECIALIZED,
    message="`x.shape[0]` was declared Dim('rows'); the model holds for 11 and more, because of `s0 > 10`.",
    location=CALLER,
    user_stack=(CALLER,),
    expr="s0 > 10",
    value="11 and more",
    data={"fix": "{'x': {0: Dim('rows', min=11)}}"},
)
KERNEL = Issue(
    code="TD301",
    name="missing-fake-kernel",
    severity=Severity.GUARDED,
    message="`mylib.foo.default` has no fake kernel.",
    location=LINE,
    user_stack=(CALLER, LINE),
    expr="mylib.foo.default",
    data={"op": "mylib.foo.default", "reason": ""},
)

FULL = Report(
    issues=(CLOCK, BRANCH, VIOLATION, MUTATION),
    rung="island",
    rungs=(BrokenRung(rung="symbolic", reason="TypeError: no len()", module="encoder.vq", location=LIBRARY),),
    dimensions=(
        Dimension(name="x.shape[0]", asked="Dim('rows')", got="11 and more", reason="s0 > 10"),
        Dimension(name="x.shape[1]", asked="Dim.AUTO", got="s1"),
    ),
    stats=Stats(ops_traced=212, ops_evaluated=3, seconds={"total": 0.4234, "trace": 0.3}, real_bytes_peak=30_000),
    model="Net",
    versions={"torch": "2.13.0"},
)
BRANCHES = Report(
    model="Net",
    issues=(MUTATION,),
    paths=(
        Branch(condition="lens.max() > 5", on_example=True, kept=True, operations=(4, 1), location=LINE),
        Branch(condition="x.sum() < 0", on_example=False, kept=False, reason="its other side could not be traced"),
    ),
    stats=Stats(ops_traced=12, seconds={"total": 0.2}),
)
"""The report of a draft with `paths="all"`."""
CLEAN = Report(model="Net", stats=Stats(ops_traced=7, seconds={"total": 0.1}))
NOTES = Report(model="Net", issues=(MUTATION,), stats=Stats(ops_traced=1, ops_evaluated=1))
