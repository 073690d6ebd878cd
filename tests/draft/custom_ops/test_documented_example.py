"""The example in torch's documentation of draft export."""

import pytest
import torch

import torchdraft

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # run_decompositions


@torch.library.custom_op("td_spec::foo2", mutates_args=())
def foo2(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x + y


class Documented(torch.nn.Module):
    def forward(self, x, y, z):
        res = torch.ops.td_spec.foo2(x, y)

        a = res.item()
        a = -a
        a = a // 3
        a = a + 5

        z = torch.cat([z, z])

        torch._check(a >= 0)
        torch._check(a < z.shape[0])

        return z[:a]


class Branching(torch.nn.Module):
    """The documentation counts two issues. On torch 2.13 the slice of its model asks nothing that the checks before it
    do not answer, and torch's own draft_export has one issue too, the kernel. Here the size is asked about."""

    def forward(self, x, y, z):
        a = 5 + -torch.ops.td_spec.foo2(x, y).item() // 3
        z = torch.cat([z, z])
        return z[:a] if a < z.shape[0] else z


INPUTS = (torch.tensor(3), torch.tensor(4), torch.ones(3, 3))


@pytest.mark.parametrize(("model", "codes"), [(Documented(), ["TD301"]), (Branching(), ["TD101", "TD301"])])
def test_the_documented_workflow(model, codes, tmp_path):
    expected = model(*INPUTS)
    program = torchdraft.draft_export(model, INPUTS)
    assert sorted(issue.code for issue in program._report.issues) == codes
    assert torch.equal(program.module()(*INPUTS), expected)

    torchdraft.save_op_profiles(program._report.op_profiles, tmp_path / "op_profile.yaml")
    profiles = torchdraft.load_op_profiles(tmp_path / "op_profile.yaml")
    assert profiles == program._report.op_profiles
    with torchdraft.unsafe_generate_fake_kernels(profiles):
        decomposed = program.run_decompositions()
    assert torch.equal(decomposed.module()(*INPUTS), expected)

    other = (torch.tensor(6), torch.tensor(4), torch.ones(3, 3))
    assert torch.equal(program.module()(*other), model(*other))
    with pytest.raises(RuntimeError):
        program.module()(torch.tensor(-10), torch.tensor(4), torch.ones(3, 3))
