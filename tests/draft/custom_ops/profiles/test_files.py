"""Operator profiles in files."""

import io

import pytest
import torch
from torch._library import fake_profile as theirs

import torchdraft
from torchdraft import OpProfile, OutputMetadata, TensorMetadata
from torchdraft._draft.custom_ops.profiles.op_profile import ANY, OneOf, Value

F32 = TensorMetadata(rank=2, dtype=torch.float32, device=torch.device("cpu"), layout=torch.strided)
I64 = TensorMetadata(rank=0, dtype=torch.int64, device=torch.device("cpu"), layout=torch.strided)
PLAIN = {
    "mylib.foo.default": {OpProfile((F32, F32), F32), OpProfile((I64, F32), (F32, I64))},
    "mylib.bar.default": {OpProfile((F32,), F32)},
}
WITH_NONE = {
    "mylib.maybe.default": {
        OpProfile((F32, None, None), F32),
        OpProfile((F32, F32, None), F32),
        OpProfile((None, F32), (F32, None)),
    },
    "mylib.numbers.default": {OpProfile((F32,), int), OpProfile((I64,), (F32, (I64, float), None, bool))},
}

CPU = (torch.float32, torch.device("cpu"), torch.strided)
MORE = {
    "mylib.mode.default": {
        OpProfile((F32, None), F32, {"x": F32, "mode": OneOf((0, 2))}),
        OpProfile((F32, None), I64, {"x": F32, "dims": OneOf(((0, 1), ())), "eps": ANY, "w": None}),
        OpProfile((None,), F32, {"xs": (F32, None, I64), "dtype": OneOf(("torch.float64",))}),
    },
    "mylib.laid_out.default": {
        OpProfile((F32,), OutputMetadata(2, *CPU, stride_order=(0, 1), gaps=(1,), shares="view of x")),
        OpProfile((F32, F32), (OutputMetadata(2, *CPU, stride_order=(1, 0), expanded=(0,)), F32)),
        OpProfile((I64,), OutputMetadata(2, *CPU, sizes=("x.shape[0] + 2 * k", None))),
        OpProfile((F32, I64), (F32, Value(int, (3,)), Value(str, ("a", "b")), (Value(float, (0.5,)), None))),
    },
}


def round_trip(profiles, save=torchdraft.save_op_profiles, load=torchdraft.load_op_profiles):
    file = io.BytesIO()
    save(profiles, file)
    file.seek(0)
    return load(file)


@pytest.mark.parametrize("profiles", [PLAIN, WITH_NONE, MORE], ids=["plain", "with None and numbers", "more"])
def test_profiles_come_back_as_they_were(profiles, tmp_path):
    assert round_trip(profiles) == profiles
    torchdraft.save_op_profiles(profiles, tmp_path / "profiles.yaml")
    assert torchdraft.load_op_profiles(str(tmp_path / "profiles.yaml")) == profiles
    text = io.StringIO()
    torchdraft.save_op_profiles(profiles, text)
    assert torchdraft.load_op_profiles(io.StringIO(text.getvalue())) == profiles


def test_torch_reads_ours_and_we_read_torchs():
    assert round_trip(PLAIN, load=theirs.load_op_profiles) == PLAIN
    assert round_trip(PLAIN, save=theirs.save_op_profiles) == PLAIN
    assert set(round_trip(WITH_NONE, load=theirs.load_op_profiles)) == set(WITH_NONE)


def test_the_same_profiles_make_the_same_file():
    first, second = io.StringIO(), io.StringIO()
    torchdraft.save_op_profiles(PLAIN, first)
    torchdraft.save_op_profiles(dict(reversed(PLAIN.items())), second)
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize("version", ["2.13", "2.14", "2.15"])
def test_files_of_every_supported_torch_load(version):
    assert torchdraft.load_op_profiles(written_under(version)) == PLAIN


@pytest.mark.parametrize("version", ["2.9", "3.0", "soon"])
def test_other_versions_are_refused_by_name(version):
    with pytest.raises(torchdraft.ProfileFormatError, match=version):
        torchdraft.load_op_profiles(written_under(version))


def written_under(version):
    file = io.StringIO()
    torchdraft.save_op_profiles(PLAIN, file)
    head, _, rest = file.getvalue().partition("\n")
    assert head.startswith("torch_version:")
    return io.StringIO(f"torch_version: '{version}'\n{rest}")


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: [", "torch_version: '2.13'\noperators: {a.b: [{rank: 1}]}"])
def test_something_else_is_refused(text):
    with pytest.raises(torchdraft.ProfileFormatError):
        torchdraft.load_op_profiles(io.StringIO(text))


def test_torch_ignores_what_its_format_does_not_have():
    """Stride order, size relations and memory are further fields of a tensor; arguments are one of a profile."""
    laid_out = {op: {p for p in ps if not isinstance(p.out_profile, tuple)} for op, ps in MORE.items()}
    read = round_trip(laid_out, load=theirs.load_op_profiles)
    assert {p.out_profile for p in read["mylib.laid_out.default"]} == {F32}
    assert len(read["mylib.mode.default"]) == 3
    for op in ("mode", "laid_out"):
        torch.library.define(f"mylib::{op}", "(Tensor x) -> Tensor", tags=())
    with theirs.unsafe_generate_fake_kernels(read):
        pass


@pytest.mark.parametrize(
    "change",
    [
        {"stride_order": [0, 0]},
        {"stride_order": [0]},
        {"sizes": ["x.shape[0]"]},
        {"sizes": ["__import__('os')", None]},
        {"sizes": [True, 1]},
        {"sizes": 3},
    ],
    ids=str,
)
def test_wrong_fields_are_refused(change):
    import yaml

    metadata = {"rank": 2, "dtype": 7, "device": "cpu", "layout": 7}
    profile = {"args_profile": [metadata], "out_profile": metadata | change}
    text = yaml.dump({"torch_version": "2.13", "operators": {"mylib.foo.default": [profile]}})
    with pytest.raises(torchdraft.ProfileFormatError):
        torchdraft.load_op_profiles(io.StringIO(text))
