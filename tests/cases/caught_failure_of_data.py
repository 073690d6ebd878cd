"""An operation that fails for the example's data, in a `try`: for other data it may succeed, which is reported."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, matrix):
        try:
            return torch.linalg.cholesky(matrix)
        except RuntimeError:
            return matrix - 1


CASE = Case(
    origin="spec: every other input is right, raises, or is reported as baked",
    model=Model,
    example=Call(-torch.eye(3)),
    right=(Call(-2 * torch.eye(3)),),
    codes=frozenset({"TD601"}),
    rung="concrete",
)
