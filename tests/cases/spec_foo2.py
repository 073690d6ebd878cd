"""The example of the spec: an operator without a fake kernel, and a slice by a number it made."""

import torch

from tests.cases.case import Call, Case, numbers


@torch.library.custom_op("torchdraft_cases::foo2", mutates_args=())
def foo2(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x + y


class Model(torch.nn.Module):
    def forward(self, x, y, z):
        res = torch.ops.torchdraft_cases.foo2(x, y)
        a = res.item()
        a = -a
        a = a // 3
        a = a + 5
        z = torch.cat([z, z])
        torch._check_is_size(a)
        torch._check(a < z.shape[0])
        return z[:a]


CASE = Case(
    origin="spec/draft-export.md: How can I use draft export?",
    model=Model,
    example=Call(torch.tensor(3), torch.tensor(4), torch.ones(3, 3)),
    right=(Call(torch.tensor(5), torch.tensor(2), numbers(3, 3)),),
    other=(
        Call(torch.tensor(1), torch.tensor(1), numbers(3, 3)),
        Call(torch.tensor(9), torch.tensor(9), numbers(3, 3)),
    ),
    codes=frozenset({"TD301"}),
)
