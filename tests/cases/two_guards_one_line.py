"""Two guards on one line are two issues."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, a, b):
        if a.item() > 0 and b.item() > 0:
            return a + b
        return a - b


CASE = Case(
    origin="upstream: two different guards on one line become one failure; promise 4",
    model=Model,
    example=Call(torch.tensor(1.0), torch.tensor(2.0)),
    right=(Call(torch.tensor(3.0), torch.tensor(1.0)),),
    other=(Call(torch.tensor(3.0), torch.tensor(-1.0)), Call(torch.tensor(-3.0), torch.tensor(1.0))),
    codes=frozenset({"TD101"}),
)
