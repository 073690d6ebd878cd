"""Outputs that are no tensors: a dtype, a device, a size, numbers, text."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        return x * 2, x.dtype, x.device, x.shape, None, "text", 3, 2.5, True


CASE = Case(
    origin="promise 1: a graph, always",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
)
