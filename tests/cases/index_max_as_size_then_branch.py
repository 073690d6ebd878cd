"""The size of a scatter's output decides a branch and is used again."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, index):
        count = index.max().item() + 1
        out = torch.zeros(count, x.shape[1]).index_add(0, index, x)
        if count > 2:
            return out[:2].sum(0), out.view(count, -1)
        return out[0], out


CASE = Case(
    origin="upstream: int(index.max()) + 1 as a size (graph scatter)",
    model=Model,
    example=Call(numbers(4, 3), torch.tensor([0, 2, 1, 2])),
    right=(Call(numbers(4, 3, seed=1), torch.tensor([0, 5, 1, 2])),),
    other=(Call(numbers(4, 3), torch.tensor([0, 1, 0, 1])), Call(numbers(4, 3), torch.tensor([0, 0, 0, 0]))),
    codes=frozenset({"TD101"}),
)
