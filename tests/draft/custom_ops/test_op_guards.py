"""The program asserts the observed properties of an operator's outputs."""

import io

import pytest
import torch

import torchdraft
from tests.draft.custom_ops.ops import Nested, example

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # run_decompositions

LIB = torch.library.Library("td_guards", "DEF")
OPS = torch.ops.td_guards
LIB.define("moody_dtype(Tensor x) -> Tensor")
LIB.impl("moody_dtype", lambda x: x.double() if x.sum() > 0 else x * 1, "CPU")
LIB.define("moody_rank(Tensor x) -> Tensor")
LIB.impl("moody_rank", lambda x: x * 1 if x.sum() > 0 else x.unsqueeze(-1) * 1, "CPU")
LIB.define("moody_ranks(Tensor x) -> (Tensor, Tensor[])")
LIB.impl("moody_ranks", lambda x: (x * 1, [OPS.moody_rank(x)]), "CPU")

MOODY = {
    "dtype": lambda x: OPS.moody_dtype(x) + 1,
    "rank": lambda x: OPS.moody_rank(x) + 1,
    "rank in a list": lambda x: OPS.moody_ranks(x)[1][0] + 1,
}


def programs(program):
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    yield program
    yield torch.export.load(file)
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        yield program.run_decompositions()


@pytest.mark.parametrize("name", MOODY)
def test_another_dtype_or_rank_raises(name):
    model = Nested(MOODY[name])
    drafted = torchdraft.draft_export(model, (example(),))
    for program in programs(drafted):
        module = program.module()
        torch.testing.assert_close(module(example()), model(example()))
        with pytest.raises(RuntimeError):
            module(-example())


def test_arguments_are_guarded_too():
    program = torchdraft.draft_export(Nested(MOODY["dtype"], depth=0), (example(),))
    checks = program.graph.find_nodes(op="call_function", target=torch.ops.aten._assert_tensor_metadata.default)
    assert [str(check.args[0]) for check in checks] == ["x", "permute_default"]


@pytest.mark.parametrize("name", ["size", "size in Python", "size that data decides"])
def test_a_fake_kernel_that_agreed_once_is_asserted_in_every_call(name):
    model, shapes, other = AGREED[name]
    drafted = torchdraft.draft_export(Nested(model), (example(),), dynamic_shapes=shapes)
    assert drafted._report.issues == ()
    for program in programs(drafted):
        module = program.module()
        torch.testing.assert_close(module(example()), model(example()))
        with pytest.raises(RuntimeError):
            module(other)


LIB.define("grows(Tensor x) -> Tensor")
LIB.impl("grows", lambda x: torch.cat([x, x]), "CPU")
torch.library.register_fake("td_guards::grows", lambda x: x.new_empty(x.shape[0] + 3, x.shape[1]), lib=LIB)
LIB.define("positive(Tensor x) -> Tensor")
LIB.impl("positive", lambda x: x[x[:, 1] > -2], "CPU")
torch.library.register_fake("td_guards::positive", torch.empty_like, lib=LIB)
DYNAMIC = {"x": {0: torch.export.Dim.AUTO}}
AGREED = {
    "size": (lambda x: OPS.grows(x) * 2, DYNAMIC, torch.ones(5, 4)),
    "size in Python": (lambda x: x * OPS.grows(x).shape[0], DYNAMIC, torch.ones(5, 4)),
    "size that data decides": (lambda x: OPS.positive(x).sum(0), None, example() - 5),
}
