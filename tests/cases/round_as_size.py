"""A rounded number as a size. Halves go to the even number."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x):
        return torch.ones(round(x.sum().item())).sum() + x


CASE = Case(
    origin="engine item 3: int(float_tensor) used as a size",
    model=Model,
    example=Call(torch.tensor([1.5, 2.0])),
    right=(Call(torch.tensor([1.75, 2.0])),),
    saves=False,  # torch's loader bounds round(f) by round(inf), an OverflowError
    other=(
        Call(torch.tensor([2.5, 2.0])),
        Call(torch.tensor([2.5, 2.25])),
        Call(torch.tensor([1.4, 2.5])),
        Call(torch.tensor([2.0, 2.0])),
        Call(torch.tensor([9.0, 2.0])),
    ),
)
