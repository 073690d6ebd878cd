import pytest
import torch

import torchdraft
from torchdraft.rules.rewrites.operators import fake_kernel


@pytest.mark.parametrize(
    ("schema", "signature", "returned"),
    [
        ("mylib::foo(Tensor x) -> Tensor", "def _(x):", "return torch.empty_like(x)  #"),
        (
            "mylib::foo.out(int[] sizes=[1, 2], Tensor? mask=None, *, Tensor(a!) x) -> (Tensor, Tensor)",
            "def _(sizes=[1, 2], mask=None, *, x):",
            "return torch.empty_like(mask), torch.empty_like(mask)  #",
        ),
        ('mylib::foo(int n, str name="ab") -> Tensor', 'def _(n, name="ab"):', "return torch.empty(…)  #"),
    ],
)
def test_the_arguments_are_those_of_the_schema(schema, signature, returned):
    lines = fake_kernel(schema).splitlines()
    assert lines[:2] == ['@torch.library.register_fake("mylib::foo")', signature]
    assert lines[2].strip().startswith(returned)


@pytest.mark.parametrize("schema", ["", "no schema", "mylib::n(Tensor x) -> int", "mylib::l(Tensor x) -> Tensor[]"])
def test_other_outputs_have_no_skeleton(schema):
    assert fake_kernel(schema) == ""


@torch.library.custom_op("torchdraft_rewrites::double", mutates_args=())
def double(x: torch.Tensor, times: int = 2) -> torch.Tensor:
    return x * times


class Doubles(torch.nn.Module):
    def forward(self, x):
        return double(x)


def test_the_code_of_an_issue_is_a_fake_kernel_that_export_takes():
    (issue,) = torchdraft.draft_export(Doubles(), (torch.ones(3),))._report.issues
    assert (issue.code, issue.mend) == ("TD301", "Register a fake kernel with `torch.library.register_fake`.")
    exec(issue.code_to_write, {"torch": torch})
    assert torchdraft.draft_export(Doubles(), (torch.ones(3),))._report.issues == ()
    assert torch.export.export(Doubles(), (torch.ones(3),))
