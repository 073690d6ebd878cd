"""The profiles of a program let it, and its model, be traced again."""

import pytest
import torch

import torchdraft
from tests.draft.custom_ops.ops import Nested, example
from tests.draft.custom_ops.profiles.test_files import round_trip
from torchdraft._draft.custom_ops.profiles.op_profile import OneOf, arguments_of

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # run_decompositions

LIB = torch.library.Library("td_profiles", "DEF")
OPS = torch.ops.td_profiles


def define(schema, real):
    LIB.define(schema)
    LIB.impl(schema.partition("(")[0], real, "CPU")


define(
    "keyword(Tensor x, *, Tensor? b=None, Tensor? w=None) -> Tensor",
    lambda x, b=None, w=None: x * 2 if w is None else x.sum(0),
)
define("lists(Tensor[] xs, Tensor[] ys) -> Tensor[]", lambda xs, ys: [x + 1 for x in xs] + [y * 2 for y in ys])
define("mode(Tensor x, int mode) -> Tensor", lambda x, mode: [x * 1, x.sum(0), x.sum(), x * 2][mode])
define("sym(Tensor x, SymInt mode=0) -> Tensor", lambda x, mode=0: [x * 1, x.sum(0)][mode])
define("dims(Tensor x, int[] dims) -> Tensor", lambda x, dims: x.sum(dims) if dims else x * 1)
define("named(Tensor x, str how) -> Tensor", lambda x, how: x * 1 if how == "keep" else x.sum())
define("flag(Tensor x, bool flat=False) -> Tensor", lambda x, flat=False: x.reshape(-1) * 1 if flat else x * 1)
define("cast(Tensor x, ScalarType? dtype=None) -> Tensor", lambda x, dtype=None: x.to(dtype) if dtype else x * 1)
define("scaled(Tensor x, float by) -> Tensor", lambda x, by: x * by)
define("optional(Tensor x, Tensor?[] ws) -> Tensor", lambda x, ws: x * 1 if ws[0] is None else x.sum(0))
define("transposed(Tensor x) -> Tensor", lambda x: (x + 1).t())
define("gap(Tensor x) -> Tensor", lambda x: torch.cat([x, x], 1)[:, ::2])
define("expanded(Tensor x) -> Tensor", lambda x: x[:1].clone().expand(5, 4))
define("same(Tensor x) -> Tensor", lambda x: x)
define("twice(Tensor x) -> (Tensor, Tensor)", lambda x: (y := x + 1, y))
define("part(Tensor x) -> Tensor", lambda x: x[1:])

MODELS = {
    "keyword": lambda x: OPS.keyword(x) + OPS.keyword(x, w=x) + OPS.keyword(x, b=x),
    "lists": lambda x: OPS.lists([x], [x, x])[2] + OPS.lists([x, x], [x])[1] + OPS.lists([x], [x])[1],
    "mode": lambda x: OPS.mode(x, 0) + OPS.mode(x, 1) + OPS.mode(x, 2) + OPS.mode(x, 3),
    "sym": lambda x: OPS.sym(x, 0) + OPS.sym(x, 1) + OPS.sym(x),
    "dims": lambda x: OPS.dims(x, [0]) + OPS.dims(x, [0, 1]) + OPS.dims(x, []),
    "named": lambda x: OPS.named(x, "keep") + OPS.named(x, "sum"),
    "flag": lambda x: OPS.flag(x).sum() + OPS.flag(x, True).sum(),
    "cast": lambda x: OPS.cast(x) + OPS.cast(x, torch.float64),
    "scaled": lambda x: OPS.scaled(x, 0.5) + OPS.scaled(x, 2.0),
    "optional": lambda x: OPS.optional(x, [None, x]) + OPS.optional(x, [x]),
    "transposed": lambda x: OPS.transposed(x) @ x,
    "gap": lambda x: OPS.gap(x).reshape(-1) * 2,
    "expanded": lambda x: OPS.expanded(x) * 2,
    "same": lambda x: OPS.same(x) * 2,
    "twice": lambda x: torch.add(*OPS.twice(x)),
    "part": lambda x: OPS.part(x) * 2,
}


def draft(name):
    return torchdraft.draft_export(Nested(MODELS[name], depth=0), (example(),))


@pytest.mark.parametrize("name", MODELS)
def test_they_serve_the_program_and_its_model(name):
    program, expected = draft(name), MODELS[name](example())
    profiles = program._report.op_profiles
    assert round_trip(profiles) == profiles
    assert torchdraft.Report.from_json(program._report.to_json()) == program._report
    with torchdraft.unsafe_generate_fake_kernels(round_trip(profiles)):
        decomposed = program.run_decompositions()
        again = torch.export.export(Nested(MODELS[name], depth=0), (example(),))
    for each in (decomposed, again):
        torch.testing.assert_close(each.module()(example()), expected)


@pytest.mark.parametrize("name", ["transposed", "gap", "expanded"])
def test_an_output_lies_in_memory_as_the_real_one(name):
    """What comes after an operator may depend on strides: AOTInductor computes with those of the fake kernel."""
    program = draft(name)
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        again = torch.export.export(Nested(MODELS[name], depth=0), (example(),))
    (node,) = again.graph.find_nodes(op="call_function", target=getattr(OPS, name).default)
    real = getattr(OPS, name)(example())
    fake = node.meta["val"]
    assert (str(fake.stride(0)) == "1") == (real.stride(0) == 1)
    assert (str(fake.stride(0)) == "0") == (real.stride(0) == 0)


@pytest.mark.parametrize(("name", "shares"), [("same", "x"), ("part", "view of x")])
def test_shared_memory_is_in_the_profile(name, shares):
    (profile,) = draft(name)._report.op_profiles[f"td_profiles.{name}.default"]
    assert profile.out_profile.shares == shares


def test_outputs_that_are_one_tensor():
    (profile,) = draft("twice")._report.op_profiles["td_profiles.twice.default"]
    assert getattr(profile.out_profile[0], "shares", "") == ""
    assert profile.out_profile[1].shares == "output 0"


def test_a_write_to_an_output_that_is_an_argument_reaches_the_argument():
    def written(x):
        x = x * 1
        OPS.same(x).add_(1)
        return x * 2

    profiles = torchdraft.draft_export(Nested(written, depth=0), (example(),))._report.op_profiles
    with torchdraft.unsafe_generate_fake_kernels(profiles):
        program = torch.export.export(Nested(written, depth=0), (example(),))
        decomposed = program.run_decompositions()
    for each in (program, decomposed):
        torch.testing.assert_close(each.module()(example()), (example() + 1) * 2)


def test_modes_with_equal_outputs_are_one_profile():
    profiles = draft("mode")._report.op_profiles["td_profiles.mode.default"]
    assert len(profiles) == 3
    assert {dict(arguments_of(p))["mode"] for p in profiles} == {OneOf((0, 3)), OneOf((1,)), OneOf((2,))}


def test_a_float_is_no_part_of_the_key():
    assert len(draft("scaled")._report.op_profiles["td_profiles.scaled.default"]) == 1


def test_a_plain_call_has_a_profile_of_torch():
    (profile,) = draft("transposed")._report.op_profiles["td_profiles.transposed.default"]
    assert arguments_of(profile) is None
