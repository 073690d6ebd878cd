"""Sizes computed from sizes, many times over: the expression must not grow until the time is up."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        for stride in (2, 3, 2, 3):
            length = x.shape[-1]
            extra = (-(length - 4)) % stride
            x = torch.nn.functional.pad(x, (4, extra))
            x = torch.nn.functional.conv1d(x, torch.ones(1, 1, 4), stride=stride)
            x = torch.nn.functional.interpolate(x, scale_factor=stride)
        return x.mean()


CASE = Case(
    origin="upstream: an expression that grows until the time is up (Mimi)",
    model=Model,
    example=Call(numbers(1, 1, 48)),
    other=(Call(numbers(1, 1, 60)), Call(numbers(1, 1, 31))),
    dynamic_shapes={"x": {2: torch.export.Dim.AUTO}},
)
