"""A call that fits no profile says which there are, and what differs."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

import torchdraft
from tests.draft.custom_ops.profiles.test_calls import OPS
from tests.draft.custom_ops.profiles.test_files import F32, I64
from torchdraft import OpProfile
from torchdraft._draft.custom_ops.profiles.op_profile import OneOf
from torchdraft._torch.library import MissingOpProfile

MODE = "td_profiles.mode.default"


def message(profiles, call, op=MODE):
    with (
        torchdraft.unsafe_generate_fake_kernels({op: profiles}),
        FakeTensorMode(shape_env=ShapeEnv()),
        pytest.raises(MissingOpProfile) as raised,
    ):
        call()
    return str(raised.value)


def mode(value, x=F32, out=F32):
    return OpProfile((x, None), out, {"x": x, "mode": OneOf((value,))})


def test_it_says_what_was_given_and_what_differs_from_each():
    said = message({mode(0), mode(1, x=I64)}, lambda: OPS.mode(torch.ones(2, 3), 2))
    assert said.splitlines() == [
        "no profile of td_profiles.mode.default fits the arguments "
        "(x: tensor of rank 2, float32, cpu, strided, mode: 2).",
        "  profile 1 of 2 differs in x: rank 0, given 2, dtype int64, given float32; mode: 1, given 2",
        "  profile 2 of 2 differs in mode: 0, given 2",
        "Draft the model again with these inputs, or add a profile.",
    ]


def test_profiles_of_torch_are_compared_by_position():
    said = message({OpProfile((I64, None), F32)}, lambda: OPS.mode(torch.ones(2, 3), 2))
    assert "profile 1 of 1 differs in argument 0: rank 0, given 2, dtype int64, given float32" in said


def test_no_profiles_at_all():
    assert "It has none." in message(set(), lambda: OPS.mode(torch.ones(2), 2))


def test_a_list_of_another_length():
    profile = OpProfile((None, None), (F32,), {"xs": (F32,), "ys": (F32,)})
    said = message(
        {profile}, lambda: OPS.lists([torch.ones(2, 3)] * 2, [torch.ones(2, 3)]), "td_profiles.lists.default"
    )
    tensor = "tensor of rank 2, float32, cpu, strided"
    assert f"differs in xs: [{tensor}], given [{tensor}, {tensor}]" in said


def test_calls_that_look_alike_and_return_different_outputs():
    profiles = {mode(0), mode(0, out=I64)}
    said = message(profiles, lambda: OPS.mode(torch.ones(2, 3), 0))
    assert "returned different outputs for arguments that look alike" in said
    assert "register a fake kernel" in said


def test_which_string_is_returned_cannot_be_said():
    profile = OpProfile((F32,), str)
    said = message({profile}, lambda: torch.ops.td_missing.label(torch.ones(2, 3)), "td_missing.label.default")
    assert "cannot say which str" in said
