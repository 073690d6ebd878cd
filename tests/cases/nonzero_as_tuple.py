"""`nonzero(as_tuple=True)` makes unbacked sizes that stay symbolic."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        rows, columns = torch.nonzero(x > 0, as_tuple=True)
        return x[rows, columns] * 2, rows + columns


CASE = Case(
    origin="upstream: PendingUnbackedSymbolNotFound after nonzero(as_tuple=True), masks and unique",
    model=Model,
    example=Call(numbers(3, 4)),
    right=(Call(numbers(3, 4, seed=1)), Call(torch.ones(3, 4)), Call(numbers(3, 4, seed=2).abs().neg())),
)
