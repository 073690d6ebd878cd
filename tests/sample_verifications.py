"""Verifications that several tests look at."""

from __future__ import annotations

from tests.sample_reports import BRANCH, CLOCK, LINE
from torchdraft.model import Counterexample, Outcome, Trial, Verification

INPUTS = {"x": "float32[2, 6] from -1.5 to 3", "lens": "int64[2] [3, 5]"}

EXAMPLE = Trial(number=0, origin="example", inputs=INPUTS, outcome=Outcome.EQUAL)
EQUAL = Trial(number=1, origin="values alike", inputs=INPUTS, outcome=Outcome.EQUAL)
REJECTED = Trial(
    number=2,
    origin="sizes random, values negated",
    inputs=INPUTS,
    outcome=Outcome.REJECTED,
    detail="RuntimeError: Runtime assertion failed for expression u0 > 5 on node 'gt'",
    assertion="u0 > 5",
    location=LINE,
    issues=(BRANCH,),
)
STATIC = Trial(
    number=3,
    origin="a fixed size changed, values alike",
    inputs=INPUTS,
    outcome=Outcome.REJECTED,
    detail="AssertionError: Guard failed: x.size()[1] == 6",
    assertion="x.shape[1] == 6",
)
UNTOLD = Trial(
    number=4,
    origin="zeros",
    inputs=INPUTS,
    outcome=Outcome.REJECTED,
    detail="RuntimeError: shape '[3, 2]' is invalid for input of size 5",
    location=LINE,
    told=False,
)
EXPLAINED = Trial(
    number=5,
    origin="values alike, called twice",
    inputs=INPUTS,
    outcome=Outcome.MISMATCH,
    detail="in call 2, output: 3 of 12 values differ, most at [0, 1]: 1, in eager 2",
    issues=(CLOCK,),
)
WRONG = Trial(
    number=6,
    origin="given",
    inputs=INPUTS,
    outcome=Outcome.MISMATCH,
    detail="output['a']: dtype float32, in eager float64",
    told=False,
    counterexample=Counterexample(
        detail="output['a']: dtype float32, in eager float64",
        inputs={"x": "float32[2, 6] all 0", "lens": "int64[2] all 0"},
        code="x = torch.zeros([2, 6], dtype=torch.float32)\nlens = torch.zeros([2], dtype=torch.int64)",
        runs=14,
        args=(object(),),
    ),
)
TAKEN = Trial(
    number=7,
    origin="ones",
    inputs=INPUTS,
    outcome=Outcome.RAISED,
    detail="eager raises IndexError: index out of range in self; the program does not raise",
    told=False,
)

FULL_VERIFICATION = Verification(
    trials=(EXAMPLE, EQUAL, REJECTED, STATIC, UNTOLD, EXPLAINED, WRONG, TAKEN),
    model="Net",
    notes=("the program was made with other values of encoder.weight",),
)
CLEAN_VERIFICATION = Verification(trials=(EXAMPLE, EQUAL), model="Net")
VACUOUS = Verification(trials=(EXAMPLE, REJECTED, REJECTED), model="Net")
UNREPORTED = Verification(trials=(EXAMPLE, STATIC, WRONG), model="Net", reported=False)
