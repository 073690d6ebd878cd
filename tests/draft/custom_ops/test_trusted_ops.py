"""Which fake kernels are compared with the real ones."""

import pytest
import torch

import torchdraft
from tests.draft.custom_ops import liars, ops
from tests.draft.custom_ops.ops import Nested, example
from torchdraft._draft.custom_ops import trusted_ops

TORCHVISION = torch.library.Library("torchcodec", "FRAGMENT")
TORCHVISION.define("td_lie(Tensor x) -> Tensor")
TORCHVISION.impl("td_lie", lambda x: x.double(), "CPU")
torch.library.register_fake("torchcodec::td_lie", torch.empty_like, lib=TORCHVISION)


def codes(fn, **options):
    program = torchdraft.draft_export(Nested(fn, depth=0), (example(),), check_on_example=False, **options)
    return [issue.code for issue in program._report.issues]


@pytest.mark.parametrize(
    ("options", "custom", "trusted"),
    [
        ({}, ["TD302"], []),
        ({"check_kernels": "custom"}, ["TD302"], []),
        ({"check_kernels": "all"}, ["TD302"], ["TD302"]),
        ({"check_kernels": "none"}, [], []),
        ({"check_kernels": "all", "trusted_ops": ("torchcodec",)}, ["TD302"], []),
        ({"check_kernels": "all", "trusted_ops": ("torchcodec::td_lie", "td_liars::dtype")}, [], []),
    ],
)
def test_what_is_compared(options, custom, trusted):
    assert codes(lambda x: liars.OPS.dtype(x), **options) == custom
    assert codes(lambda x: torch.ops.torchcodec.td_lie(x), **options) == trusted


def test_none_runs_no_real_kernel_that_has_a_fake_one():
    liars.CALLS.clear()
    codes(lambda x: liars.OPS.right(x), check_kernels="none")
    assert liars.CALLS["right"] == 0


@pytest.mark.parametrize("check", ["custom", "all", "none"])
def test_a_missing_kernel_is_inferred_in_any_case(check):
    assert codes(lambda x: ops.OPS.double(x), check_kernels=check) == ["TD301"]


def test_operators_of_torch_are_never_compared():
    trust = trusted_ops.TrustedOps(check_kernels="all")
    assert trust.trusts(torch.ops.aten.add.Tensor)
    assert trust.trusts(torch.ops.quantized.add.default)
    assert not trust.trusts(torch.ops.torchcodec.td_lie.default)


@pytest.mark.parametrize("wrong", ["some", None, True, ["custom"]])
def test_another_choice_is_refused(wrong):
    with pytest.raises(ValueError, match=r'expected: "custom".*"all".*"none"'):
        codes(lambda x: x, check_kernels=wrong)


def test_one_name_is_not_several():
    with pytest.raises(TypeError, match=r"write trusted_ops=\['mylib'\]"):
        codes(lambda x: x, trusted_ops="mylib")
