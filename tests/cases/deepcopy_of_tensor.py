"""`copy.deepcopy` of a tensor and of a list of tensors."""

import copy

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        kept = copy.deepcopy(x)
        pair = copy.deepcopy([x, x + 1])
        x = x + 0
        x.mul_(3)
        pair[0].add_(1)
        return kept + x, pair


CASE = Case(
    origin="upstream: copy.deepcopy(tensor)",
    model=Model,
    example=Call(numbers(3)),
    right=(Call(numbers(3, seed=1)),),
)
