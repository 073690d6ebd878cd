"""A float just below a whole number, converted: the next one converts to another."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        return int(x.max()), x * int(x.min())


CASE = Case(
    origin="promise 3: a float is asserted up to rounding, its conversion must be exact",
    model=Model,
    example=Call(torch.tensor([0.99999994, 0.25])),
    right=(Call(torch.tensor([0.5, 0.125])),),
    other=(Call(torch.tensor([1.0, 0.25])), Call(torch.tensor([1.5, 1.0]))),
)
