"""A size that data decides, squeezed where it is 1."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        one, more = x[x > 2.5].squeeze(), x[x < 2.5].squeeze(0)
        return one + 1, more * 2, one.dim() + 10 * more.dim()


CASE = Case(
    origin="promise 2: upstream takes a size that depends on data for another than 1",
    model=Model,
    example=Call(torch.tensor([1.0, 2.0, -1.0, 3.0])),
    right=(Call(torch.tensor([5.0, 2.0, -1.0, 1.0])), Call(torch.tensor([0.0, 0.5, 9.0, 0.0]))),
    other=(Call(torch.tensor([1.0, 2.0, 4.0, 3.0])), Call(torch.tensor([1.0, 4.0, 5.0, 6.0])), Call(torch.zeros(4))),
)
