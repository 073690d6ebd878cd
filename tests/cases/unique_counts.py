"""`unique` with inverse and counts."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        values, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True)
        return values[inverse] * counts[inverse]


CASE = Case(
    origin="upstream: PendingUnbackedSymbolNotFound after nonzero(as_tuple=True), masks and unique",
    model=Model,
    example=Call(torch.tensor([1, 2, 1, 5])),
    right=(Call(torch.tensor([3, 3, 3, 3])), Call(torch.tensor([1, 2, 3, 4]))),
)
