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
    assert [str(check.args[0]) for check in checks] == ["x", "moody_dtype"]
