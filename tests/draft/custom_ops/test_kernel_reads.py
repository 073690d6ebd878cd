"""A fake kernel that turns a size of its inputs into a number does not fix the program to it."""

import pytest
import torch
from torch.fx.experimental.symbolic_shapes import guard_int

import torchdraft
from tests.draft.custom_ops.ops import Nested, example
from torchdraft._draft.custom_ops.kernel_reads import symbolic_line
from torchdraft.model import Location

LIB = torch.library.Library("td_fixing", "DEF")
OPS = torch.ops.td_fixing
DIM = {0: torch.export.Dim("b", min=2, max=64)}


def define(fake, real=lambda x: x * 2, schema="(Tensor x) -> Tensor"):
    LIB.define(fake.__name__ + schema)
    LIB.impl(fake.__name__, real, "CPU")
    torch.library.register_fake(f"td_fixing::{fake.__name__}", fake, lib=LIB)


def kernels():
    """Inside a function: in code that a model reaches by name, torchdraft itself keeps `int` symbolic."""

    def converted(x):
        n = int(x.shape[0])
        return x.new_empty(n, x.shape[1])

    def halved(x):
        n = int(x.shape[0] / 2)
        return x.new_empty(n * 2 + x.shape[0] % 2, x.shape[1])

    def counted(x):
        return x.new_empty(len(range(x.shape[0])), x.shape[1])

    def guarded(x):
        n = guard_int(x.shape[0])
        return x.new_empty(n, x.shape[1])

    def unbound(x):
        return torch.stack(x.unbind(0))

    def branching(x):
        if x.shape[0] == 3:
            return torch.empty_like(x)
        return x.new_empty(x.shape)

    def listed(x):
        if x.shape[0] not in (1, 3, 5):
            raise NotImplementedError("an odd size")
        return torch.empty_like(x)

    return [converted, halved, counted, guarded, unbound, branching, listed]


for kernel in kernels():
    define(kernel)

SAYS = {
    "converted": ("it fixes `x.shape[0]` to the example's 3", "`n = x.shape[0]` keeps the size symbolic"),
    "halved": ("it fixes `(x.shape[0]//2)` to the example's 1", "`n = x.shape[0] // 2` keeps the size symbolic"),
    "counted": ("it fixes `x.shape[0]` to the example's 3", ""),
    "guarded": ("it fixes `x.shape[0]` to the example's 3", "`n = x.shape[0]` keeps the size symbolic"),
    "unbound": ("it fixes `x.shape[0]` to the example's 3", ""),
    "branching": ("it fixes `x.shape[0]` to the example's 3", "`if x.shape[0] == 3:`"),
    "listed": ("it fixes `x.shape[0]` to the example's 3", "`if x.shape[0] not in (1, 3, 5):`"),
}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", SAYS)
def test_the_size_stays_free_and_the_kernels_line_is_reported(name, strict):
    op = getattr(OPS, name)
    program = torchdraft.draft_export(
        Nested(lambda x: op(x) + 1, depth=0), (example(),), dynamic_shapes={"x": DIM}, strict=strict
    )
    assert program._report.rung == "symbolic"
    issues = [issue for issue in program._report.issues if issue.code == "TD302"]
    fixed, instead = SAYS[name]
    assert all(fixed in i.message and "test_kernel_reads.py:" in i.message and instead in i.message for i in issues)
    assert issues
    for size in (3, 5, 2):
        x = torch.ones(size, 4)
        torch.testing.assert_close(program.module()(x), x * 2 + 1)


def test_a_size_that_the_kernel_requires_is_a_guard():
    def checked(x):
        torch._check(x.shape[0] == 3)
        return torch.empty_like(x)

    def asserted(x, y):
        assert x.shape[0] == 3
        assert x.shape == y.shape
        return torch.empty_like(x)

    define(checked)
    define(asserted, lambda x, y: x + y, "(Tensor x, Tensor y) -> Tensor")
    auto = {0: torch.export.Dim.AUTO}
    for call in (lambda x: OPS.checked(x), lambda x: OPS.asserted(x, x * 2)):
        program = torchdraft.draft_export(Nested(call, depth=0), (example(),), dynamic_shapes={"x": auto})
        assert not [issue for issue in program._report.issues if issue.code in ("TD301", "TD302")]
        with pytest.raises((AssertionError, RuntimeError)):
            program.module()(torch.ones(5, 4))


def test_a_static_size_is_no_issue():
    program = torchdraft.draft_export(Nested(lambda x: OPS.converted(x), depth=0), (example(),))
    assert program._report.issues == ()


def test_the_length_of_a_list_is_a_number():
    def rows(x):
        return [x.new_empty(4) for _ in range(x.shape[0])]

    define(rows, lambda x: [row.clone() for row in x.unbind(0)], "(Tensor x) -> Tensor[]")
    program = torchdraft.draft_export(
        Nested(lambda x: torch.stack(OPS.rows(x)), depth=0), (example(),), dynamic_shapes={"x": DIM}
    )
    assert [issue.code for issue in program._report.issues] == ["TD201"]
    torch.testing.assert_close(program.module()(example()), example())


def test_a_trusted_kernel_may_fix_sizes():
    program = torchdraft.draft_export(
        Nested(lambda x: OPS.converted(x), depth=0),
        (example(),),
        dynamic_shapes={"x": DIM},
        trusted_ops=("td_fixing",),
    )
    assert [issue.code for issue in program._report.issues] == ["TD201"]


@pytest.mark.parametrize(
    ("line", "marked", "symbolic"),
    [
        ("    n = int(x.shape[0])", "int(x.shape[0])", "n = x.shape[0]"),
        ("    m, n = int(a), int(b)", "int(b)", "m, n = int(a), b"),
        ("    if int(n) > 3:", "int(n)", "if n > 3:"),
        ("    n = len(x)", "len(x)", ""),
        ("    n = int(", "", ""),
    ],
)
def test_the_line_without_the_conversion(line, marked, symbolic):
    start = line.index(marked)
    assert symbolic_line(Location("k.py", 1, "f", line, start, start + len(marked))) == symbolic
