"""`torch.tensor([tensor, tensor])`."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, y):
        pair = torch.tensor([x.max(), y.min()])
        mixed = torch.tensor([[x[0], 1.0], [2, y[0]]])
        return pair * 2, mixed.sum(0)


CASE = Case(
    origin="upstream: torch.tensor([tensor, tensor])",
    model=Model,
    example=Call(numbers(3), numbers(3, seed=1)),
    other=(Call(numbers(3, seed=2), numbers(3, seed=3)),),
)
