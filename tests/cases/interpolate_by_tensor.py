"""`interpolate(recompute_scale_factor=True)` with scale factors that are tensors: the result has any size."""

import torch
from torch.export import Dim

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, factor):
        resized = torch.nn.functional.interpolate(x, scale_factor=factor, recompute_scale_factor=True)
        other = torch.nn.functional.interpolate(
            x, scale_factor=(torch.tensor(0.7), 1.5), mode="bilinear", recompute_scale_factor=True
        )
        return resized, other


CASE = Case(
    origin="interpolate with a tensor factor was fixed to the example's size",
    model=Model,
    example=Call(numbers(1, 2, 4, 6), torch.tensor(2.0)),
    dynamic_shapes=({2: Dim.DYNAMIC, 3: Dim.DYNAMIC}, None),
    right=(Call(numbers(1, 2, 10, 5), torch.tensor(2.0)), Call(numbers(1, 2, 7, 9), torch.tensor(1.3))),
)
