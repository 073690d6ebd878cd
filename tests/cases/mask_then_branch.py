"""What a boolean mask kept decides a branch."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        if kept.numel() > 2 and kept.max() > 1:
            return kept * 2
        return kept - 1


CASE = Case(
    origin="upstream: x[mask] followed by a branch",
    model=Model,
    example=Call(torch.tensor([1.0, -1.0, 2.0, 3.0, -2.0])),
    right=(Call(torch.tensor([1.0, 1.0, 2.0, 3.0, -2.0])),),
    other=(
        Call(torch.tensor([-1.0, -1.0, 2.0, 3.0, -2.0])),
        Call(torch.tensor([0.5, 0.5, 0.5, -1.0, -1.0])),
        Call(-torch.ones(5)),
    ),
    codes=frozenset({"TD101"}),
)
