"""Custom operators that are composed of others, and read data or sizes where they run on fake tensors."""

import sys

import pytest
import torch

import torchdraft
from tests.draft.custom_ops.ops import Nested, example

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # run_decompositions

LIB = torch.library.Library("td_composed", "DEF")
OPS = torch.ops.td_composed
ROWS = {0: torch.export.Dim("b", min=2, max=64)}


class Array(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.from_numpy(x.detach().numpy() + 1)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def define(name, real, schema="(Tensor x) -> Tensor"):
    LIB.define(name + schema)
    LIB.impl(name, real, "CompositeImplicitAutograd")


def exits_on_fakes(x):
    if hasattr(x, "fake_mode"):
        sys.exit(3)
    return x + 1


READING = {
    "array": lambda x: torch.from_numpy(x.detach().numpy() + 1),
    "with_gradient": lambda x: Array.apply(x),
    "pointer": lambda x: (x.data_ptr(), x + 1)[1],
    "maximum": lambda x: x.new_zeros(int(x.max()) + 30),
    "branch": lambda x: x + 1 if bool((x > 0).any()) else x - 1,
    "listed": lambda x: torch.tensor(x.tolist()),
    "length": lambda x: x.new_zeros(len(range(x.shape[0]))),
    "exits": exits_on_fakes,
}
for name, real in READING.items():
    define(name, real)
define("plain", lambda x: x * 2 + 1)
define("several", lambda x: [torch.from_numpy(x.numpy() + 1), x * 2], "(Tensor x) -> Tensor[]")
define("written_", lambda x: x.add_(1), "(Tensor(a!) x) -> Tensor(a!)")


def draft(name, use=lambda out: out * 2, **options):
    op = getattr(OPS, name)
    return torchdraft.draft_export(Nested(lambda x: use(op(x)), depth=0), (example(),), **options)


@pytest.mark.parametrize("options", [{}, {"pre_dispatch": False}, {"strict": True}], ids=["", "lowered", "strict"])
@pytest.mark.parametrize("name", READING)
def test_it_is_one_node_and_a_missing_kernel(name, options):
    program = draft(name, dynamic_shapes={"x": ROWS}, **options)
    assert program._report.rung == "symbolic"
    codes = {issue.code for issue in program._report.issues}
    assert codes - {"TD902"} == {"TD301"}
    for x in (example(), torch.ones(5, 4), -torch.ones(5, 4)):
        torch.testing.assert_close(program.module()(x), READING[name](x) * 2)
    assert not getattr(OPS, name).default.py_kernels


@pytest.mark.parametrize("name", READING)
def test_profiles_keep_it_whole_in_other_traces(name):
    program = draft(name, dynamic_shapes={"x": ROWS})
    expected = READING[name](example()) * 2
    op = getattr(OPS, name)
    before = dict(op.default.py_kernels)
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
        again = torch.export.export(Nested(lambda x: op(x) * 2, depth=0), (example(),))
        twice = again.run_decompositions()
    for each in (decomposed, again, twice):
        torch.testing.assert_close(each.module()(example()), expected)
        assert each.graph.find_nodes(op="call_function", target=op.default)
    assert op.default.py_kernels == before


def test_the_reason_is_in_the_report():
    messages = {name: draft(name)._report.issues[0].message for name in ("array", "branch")}
    assert "composed of other operators, and on fake tensors they raise RuntimeError: .numpy()" in messages["array"]
    assert "on fake tensors they read data)" in messages["branch"]


def test_several_outputs():
    program = draft("several", use=lambda out: out[0] + out[1])
    torch.testing.assert_close(program.module()(-example()), -example() * 3 + 1)
    assert [issue.code for issue in program._report.issues] == ["TD301"]


def test_one_whose_parts_can_be_traced_is_no_issue():
    program = draft("plain", dynamic_shapes={"x": ROWS})
    assert program._report.issues == ()
    torch.testing.assert_close(program.module()(torch.ones(5, 4)), torch.full((5, 4), 6.0))


def test_one_that_writes_is_traced_by_its_parts():
    program = draft("written_")
    assert program._report.rung == "symbolic"
    torch.testing.assert_close(program.module()(example()), (example() + 1) * 2)


def test_an_exception_of_the_model_stays_its_own():
    def refuses(x):
        raise ValueError("not this one")

    define("refuses", refuses)

    def caught(x):
        try:
            return OPS.refuses(x)
        except ValueError:
            return x + 3

    program = torchdraft.draft_export(Nested(caught, depth=0), (example(),))
    torch.testing.assert_close(program.module()(example()), example() + 3)
    with pytest.raises(ValueError, match="not this one"):
        draft("refuses")


def test_one_that_raised_for_one_call_may_be_traced_in_the_next():
    def positive(x):
        if x.shape[0] == 3:
            raise ValueError("three rows")
        return x + 1

    define("not_three", positive)

    def caught(x):
        try:
            OPS.not_three(x)
        except ValueError:
            return OPS.not_three(x[:2])
        return x

    program = torchdraft.draft_export(Nested(caught, depth=0), (example(),))
    torch.testing.assert_close(program.module()(example()), example()[:2] + 1)
    assert "TD301" not in [issue.code for issue in program._report.issues]


def test_random_numbers_of_the_attempt_are_not_drawn_twice():
    define("noisy", lambda x: torch.from_numpy((x + torch.rand_like(x)).numpy()))

    def model(x):
        return OPS.noisy(x) + torch.rand_like(x)

    torch.manual_seed(0)
    expected = model(example())
    torch.manual_seed(0)
    program = torchdraft.draft_export(Nested(model, depth=0), (example(),))
    torch.manual_seed(0)
    torch.testing.assert_close(program.module()(example()), expected)
