"""`torch.allclose` decides."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x, y):
        if torch.allclose(x, y, atol=1e-2):
            return x * 2
        return x - y


CASE = Case(
    origin="upstream: torch.equal/allclose in a branch",
    model=Model,
    example=Call(torch.ones(3), torch.ones(3) + 1e-3),
    right=(Call(torch.zeros(3), torch.zeros(3) + 1e-3),),
    other=(Call(torch.ones(3), torch.zeros(3)),),
    codes=frozenset({"TD101"}),
)
