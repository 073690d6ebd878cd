"""Keyword-only, variadic and defaulted parameters."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, *more, scale=2.0, shift, **named):
        out = x * scale + shift
        for tensor in more:
            out = out + tensor
        for name in sorted(named):
            out = out - named[name] * len(name)
        return out


CASE = Case(
    origin="engine item 5: keyword-only and variadic parameters",
    model=Model,
    example=Call(numbers(3), torch.ones(3), torch.ones(3), shift=torch.tensor(1.0), bc=numbers(3, seed=1)),
    right=(Call(numbers(3, seed=2), torch.zeros(3), torch.ones(3), shift=torch.tensor(2.0), bc=torch.ones(3)),),
)
