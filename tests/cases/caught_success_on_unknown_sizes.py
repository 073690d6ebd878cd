"""The same on an example where it does not fail."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        try:
            return kept.view(-1, 2).sum(0)
        except RuntimeError:
            return kept * 2


CASE = Case(
    origin="upstream: a failing op inside try/except stays in the graph and raises at run time",
    model=Model,
    example=Call(torch.tensor([1.0, 2.0, 4.0, 3.0])),
    right=(Call(torch.tensor([1.0, 2.0, -1.0, -1.0])),),
    other=(Call(torch.tensor([1.0, 2.0, 3.0, -1.0])),),
    codes=frozenset({"TD102"}),
)
