"""The classes of operator profiles, and merging."""

import pytest
import torch
from torch._library import fake_profile as theirs

from tests.draft.custom_ops.profiles.test_files import F32, I64, MORE, PLAIN
from torchdraft import OpProfile, OutputMetadata, merge_op_profiles
from torchdraft._draft.custom_ops.profiles.op_profile import ANY, OneOf

CPU = (torch.float32, torch.device("cpu"), torch.strided)


def mode(*values, out=F32):
    return OpProfile((F32, None), out, {"x": F32, "mode": OneOf(values)})


def test_a_profile_that_says_no_more_than_torchs_equals_it():
    ours, torchs = OpProfile((F32,), I64), theirs.OpProfile((F32,), I64)
    assert ours == torchs
    assert torchs == ours
    assert {ours} == {torchs}
    assert OutputMetadata(2, *CPU).plain() == F32
    assert OutputMetadata(2, *CPU, stride_order=(0, 1)).plain() != F32


def test_a_profile_that_says_more_differs():
    assert mode(0) != OpProfile((F32, None), F32)
    assert theirs.OpProfile((F32, None), F32) != mode(0)
    assert mode(0) != mode(1)
    assert mode(0) != "a profile"


@pytest.mark.parametrize(
    ("given", "merged"),
    [
        ([mode(0), mode(1)], {mode(0, 1)}),
        ([mode(0), mode(1), mode(2), mode(0)], {mode(0, 1, 2)}),
        ([mode(0), mode(1, out=I64), mode(2)], {mode(0, 2), mode(1, out=I64)}),
        (
            [mode(0), OpProfile((F32, None), F32, {"x": F32, "mode": ANY})],
            {OpProfile((F32, None), F32, {"x": F32, "mode": ANY})},
        ),
        ([mode(0), OpProfile((F32, None), F32)], {mode(0), OpProfile((F32, None), F32)}),
        (
            [mode(0), OpProfile((F32, None), F32, {"x": F32, "mode": None})],
            {mode(0), OpProfile((F32, None), F32, {"x": F32, "mode": None})},
        ),
    ],
)
def test_profiles_that_differ_in_one_value_are_merged(given, merged):
    op = "mylib.mode.default"
    assert merge_op_profiles({op: set(given)}) == {op: merged}
    assert merge_op_profiles(*({op: {each}} for each in given)) == {op: merged}
    assert merge_op_profiles(*({op: {each}} for each in reversed(given))) == {op: merged}


def test_two_values_are_not_merged():
    def pair(a, b):
        return OpProfile((F32, None, None), F32, {"x": F32, "a": OneOf((a,)), "b": OneOf((b,))})

    both = {pair(0, 0), pair(1, 1)}
    assert merge_op_profiles({"mylib.pair.default": both}) == {"mylib.pair.default": both}


def test_other_operators_stay_as_they_are():
    assert merge_op_profiles(PLAIN, MORE) == PLAIN | MORE
    assert merge_op_profiles() == {}


@pytest.mark.parametrize("wrong", [{"stride_order": (0, 0)}, {"sizes": (None,)}, {"sizes": ("x.y", None)}])
def test_impossible_metadata_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        OutputMetadata(2, *CPU, **wrong)
