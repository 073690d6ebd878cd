"""An input written in place: the program writes to it too."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        before = x.sum()
        x.mul_(2)
        if x[0].item() > 1:
            x[0] = 7.0
        return before + x.sum(), x


CASE = Case(
    origin="promise 5: inputs are as they were",
    model=Model,
    example=Call(torch.tensor([1.0, 2.0])),
    right=(Call(torch.tensor([3.0, 4.0])),),
    other=(Call(torch.tensor([0.1, 4.0])),),
    codes=frozenset({"TD101"}),
)
