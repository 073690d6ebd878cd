"""Operators of an extension in C++."""

import pytest
import torch

import torchdraft
from tests.draft.custom_ops.extension import loaded
from tests.draft.custom_ops.ops import Nested, example

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # run_decompositions

ROWS = {0: torch.export.Dim("b", min=2, max=64)}


def index_of(size):
    return torch.arange(size) % 3


class Sums(torch.nn.Module):
    def __init__(self, requires_grad=False):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(2.0), requires_grad=requires_grad)

    def forward(self, x, index):
        return torch.ops.td_extension.sums(x * self.scale, index) + 1


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_composed_operator_that_reads_data_is_one_node(requires_grad):
    loaded()
    model = Sums(requires_grad)
    given = (torch.ones(6), index_of(6))
    rows = {0: torch.export.Dim("n", min=2, max=64)}
    program = torchdraft.draft_export(model, given, dynamic_shapes=(rows, rows))
    assert program._report.rung == "symbolic"
    assert [issue.code for issue in program._report.issues] == ["TD301"]
    for size in (6, 9, 2):
        x, index = torch.rand(size), index_of(size)
        torch.testing.assert_close(program.module()(x, index), model(x, index))
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
    torch.testing.assert_close(decomposed.module()(*given), model(*given))


def draft(name):
    op = getattr(loaded(), name)
    return torchdraft.draft_export(Nested(lambda x: op(x) + 1, depth=0), (example(),), dynamic_shapes={"x": ROWS})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fixed", "it fixes `x.shape[0]` to the example's 3"),
        ("sized", "it fixes `x.shape[0]` to the example's 3"),
    ],
)
def test_a_kernel_that_reads_sizes_as_numbers_does_not_fix_them(name, says):
    program = draft(name)
    (issue,) = program._report.issues
    assert issue.code == "TD302"
    assert says in issue.message
    for size in (3, 5):
        torch.testing.assert_close(program.module()(torch.ones(size, 4)), torch.full((size, 4), 3.0))


@pytest.mark.parametrize("name", ["right", "composed"])
def test_an_operator_that_needs_nothing_is_no_issue(name):
    assert draft(name)._report.issues == ()


def test_a_library_that_names_the_module_of_its_fakes_can_be_lent_some():
    program = draft("elsewhere")
    assert [issue.code for issue in program._report.issues] == ["TD301"]
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
        again = torch.export.export(program.module(), (example(),))
    for each in (program, decomposed, again):
        torch.testing.assert_close(each.module()(example()), example() * 2 + 1)
