"""`int(x.abs().sum().item()) + 1` as a size: wrong on other inputs, and silent, upstream."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        return torch.zeros(int(x.abs().sum().item()) + 1) + x.mean()


CASE = Case(
    origin="upstream: int(x.abs().sum().item()) + 1 used as a size",
    model=Model,
    example=Call(torch.tensor([1.2, 2.3])),
    right=(Call(torch.tensor([1.3, 2.3])),),
    other=(Call(torch.tensor([5.2, 2.3])), Call(torch.tensor([0.1, 0.2])), Call(torch.tensor([-4.0, 4.0]))),
)
