"""`tensor_split` at indices that a tensor holds."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, at):
        first, second, third = torch.tensor_split(x, at)
        a, b = x.tensor_split(torch.tensor(2))
        return first.sum() + second.sum() * 2 + third, a - b


CASE = Case(
    origin="upstream: tensor_split with tensor indices",
    model=Model,
    example=Call(numbers(6), torch.tensor([1, 4])),
    right=(Call(numbers(6, seed=1), torch.tensor([1, 4])),),
    other=(Call(numbers(6), torch.tensor([2, 3])),),
    codes=frozenset({"TD103"}),
)
