"""A sum of several numbers in one operation, which a saved program has no word for."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, counts):
        first, second = counts[0].item(), counts[1].item()
        rows = torch.sym_sum([first, second, x.shape[0]])
        return x.sum() + torch.arange(rows), torch.sym_sum((first, second))


CASE = Case(
    origin="transformers' Mimi encoder: a padding computed from data",
    model=Model,
    example=Call(numbers(4, 3), torch.tensor([2, 3])),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}, "counts": None},
    right=(Call(numbers(6, 3, seed=1), torch.tensor([5, 7])),),
)
