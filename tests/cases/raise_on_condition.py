"""`if cond: raise`."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        if (x < 0).any():
            raise ValueError(f"negative: {x}")
        return x.sqrt()


CASE = Case(
    origin="threads: if cond: raise (#147096)",
    model=Model,
    example=Call(torch.tensor([1.0, 4.0])),
    right=(Call(torch.tensor([9.0, 4.0])),),
    other=(Call(torch.tensor([-1.0, 4.0])),),
    codes=frozenset({"TD101"}),
)
