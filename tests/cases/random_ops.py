"""Random ops draw what eager draws under the same seed, also where one was read in between."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, x):
        noise = torch.randn(3)
        pick = torch.randint(0, 3, ())
        x = self.drop(x + noise)
        if pick.item() < 3:
            x = x + torch.rand_like(x)
        return x * torch.bernoulli(torch.full((3,), 0.5)), torch.randperm(4)


CASE = Case(
    origin="engine item 2: random ops, private random state",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
    tags=frozenset({"random"}),
)
