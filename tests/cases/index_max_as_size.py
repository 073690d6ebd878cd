"""`int(index.max()) + 1` sizes the output of a scatter."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, index):
        out = x.new_zeros(int(index.max()) + 1, x.shape[1])
        return out.index_add(0, index, x)


CASE = Case(
    origin="upstream: int(index.max()) + 1 as a size (graph scatter)",
    model=Model,
    example=Call(numbers(4, 3), torch.tensor([0, 2, 1, 2])),
    right=(
        Call(numbers(4, 3, seed=1), torch.tensor([2, 0, 0, 1])),
        Call(numbers(4, 3, seed=1), torch.tensor([0, 5, 1, 2])),
        Call(numbers(4, 3, seed=1), torch.tensor([0, 0, 0, 0])),
    ),
)
