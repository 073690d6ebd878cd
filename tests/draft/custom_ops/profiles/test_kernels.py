"""Operator profiles as fake kernels."""

import pytest
import torch
from torch._library import fake_profile as theirs
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

import torchdraft
from tests.draft.custom_ops import liars
from tests.draft.custom_ops.ops import MODELS, OPS, Nested, example
from tests.draft.custom_ops.profiles.test_files import round_trip
from torchdraft import OpProfile, OutputMetadata, TensorMetadata
from torchdraft._draft.custom_ops.profiles.op_profile import Value
from torchdraft._torch.library import has_written_fake

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # run_decompositions

F32 = TensorMetadata(rank=2, dtype=torch.float32, device=torch.device("cpu"), layout=torch.strided)
I64 = TensorMetadata(rank=0, dtype=torch.int64, device=torch.device("cpu"), layout=torch.strided)
UNSUPPORTED_BY_TORCH = {
    # Cases that torch does not support with any profile:
    "sparse",  # sparse tensors have no symbolic sizes
    "branch on strides",  # a profile holds no strides
    "in place",  # "We only support functionalizing operators whose outputs do not have alias annotations"
}


def fake(fn):
    mode = FakeTensorMode(shape_env=ShapeEnv())
    with mode:
        return fn()


@pytest.mark.parametrize("name", [n for n in MODELS if n not in UNSUPPORTED_BY_TORCH])
def test_the_reports_profiles_let_the_program_be_decomposed_and_exported_again(name):
    model = Nested(MODELS[name])
    program = torchdraft.draft_export(model, (example(),))
    expected = model(example())
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
        again = torch.export.export(program.module(), (example(),))
    torch.testing.assert_close(decomposed.module()(example()), expected)
    torch.testing.assert_close(again.module()(example()), expected)


@pytest.mark.parametrize("name", ["dtype", "size", "rank", "raising", "stride_order"])
def test_profiles_take_the_place_of_a_wrong_kernel(name):
    model, _ = liars.LIARS[name]
    program = torchdraft.draft_export(Nested(model), (example(),))
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
    torch.testing.assert_close(decomposed.module()(example()), model(example()))


@pytest.mark.parametrize("name", ["tensor", "branch on its data", "none arguments", "written and returned"])
def test_drafting_below_pre_dispatch_needs_no_kernel_either(name):
    program = torchdraft.draft_export(Nested(MODELS[name]), (example(),), pre_dispatch=False)
    torch.testing.assert_close(program.module()(example()), MODELS[name](example()))
    assert program._report.rung == "symbolic"
    assert program._report.op_profiles


def test_torchs_own_context_manager_takes_them():
    program = torchdraft.draft_export(Nested(liars.LIARS["dtype"][0]), (example(),))
    with theirs.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
    assert decomposed.module()(example()).dtype is torch.float64


def test_an_honest_program_has_no_profiles():
    assert torchdraft.draft_export(Nested(liars.HONEST["right"]), (example(),))._report.op_profiles == {}


@pytest.mark.parametrize("op", [OPS.double.default, OPS.cpu.default, liars.OPS.dtype.default])
def test_nothing_stays_registered(op):
    before = has_written_fake(op)
    key = str(op)
    torchdraft.draft_export(Nested(op), (example(),))
    assert has_written_fake(op) == before
    with torchdraft.unsafe_generate_fake_kernels({key: {OpProfile((F32,), I64)}}):
        assert has_written_fake(op)
        assert fake(lambda: op(torch.ones(2, 3))).dim() == 0
    assert has_written_fake(op) == before
    with pytest.raises(ZeroDivisionError), torchdraft.unsafe_generate_fake_kernels({key: {OpProfile((F32,), I64)}}):
        raise ZeroDivisionError
    assert has_written_fake(op) == before


def test_the_kernel_of_before_is_back_afterwards():
    with torchdraft.unsafe_generate_fake_kernels({"td_liars.right.default": {OpProfile((F32,), I64)}}):
        assert fake(lambda: liars.OPS.right(torch.ones(2, 3))).dim() == 0
    assert fake(lambda: liars.OPS.right(torch.ones(2, 3))).shape == (2, 3)


def test_none_arguments_match_after_a_round_trip():
    program = torchdraft.draft_export(Nested(MODELS["none arguments"]), (example(),))
    with torchdraft.unsafe_generate_fake_kernels(round_trip(program._report.op_profiles)):
        program.run_decompositions()


def test_a_call_no_profile_fits_raises_and_drafts():
    key = "td_missing.double.default"
    with torchdraft.unsafe_generate_fake_kernels({key: {OpProfile((I64,), I64)}}):
        with pytest.raises(theirs.MissingOpProfile, match=r"fits the arguments"):
            fake(lambda: OPS.double(torch.ones(2, 3)))
        program = torchdraft.draft_export(Nested(MODELS["tensor"]), (example(),))
    assert [issue.code for issue in program._report.issues] == ["TD301"]


def test_a_malformed_name_is_refused():
    with (
        pytest.raises(ValueError, match=r"mylib\.foo\.default"),
        torchdraft.unsafe_generate_fake_kernels({"foo": set()}),
    ):
        pass


def test_numbers_that_no_symbol_can_be_are_those_observed():
    op = "td_profiled.numbers.default"
    torch.library.define("td_profiled::numbers", "(Tensor x) -> (Tensor, int, float, bool, Tensor?)")
    flat = OpProfile((F32,), (F32, Value(int, (3,)), Value(float, (0.5,)), Value(bool, (True,)), None))
    with torchdraft.unsafe_generate_fake_kernels({op: {flat}}):
        made = fake(lambda: torch.ops.td_profiled.numbers(torch.ones(2, 3)))
    assert made[0].dim() == 2
    assert made[1:] == (3, 0.5, True, None)


def test_several_numbers_are_none():
    op = "td_missing.mean.default"
    with (
        torchdraft.unsafe_generate_fake_kernels({op: {OpProfile((F32,), Value(float, (0.5, 1.5)))}}),
        pytest.raises(theirs.MissingOpProfile, match=r"cannot say which float .* returns; 0\.5, 1\.5 were observed"),
    ):
        fake(lambda: OPS.mean(torch.ones(2, 3)))


def test_an_operator_that_is_not_registered_is_named():
    with (
        pytest.raises(ValueError, match=r"no operator 'mylib\.absent\.default' .* import the package that defines it"),
        torchdraft.unsafe_generate_fake_kernels({"mylib.absent.default": set()}),
    ):
        pass


def test_sizes_follow_from_the_arguments():
    padded = OutputMetadata(2, torch.float32, torch.device("cpu"), torch.strided, sizes=("x.shape[0] + 2", 4))
    with torchdraft.unsafe_generate_fake_kernels({"td_missing.double.default": {OpProfile((F32,), padded)}}):
        assert fake(lambda: OPS.double(torch.ones(3, 7))).shape == (5, 4)
