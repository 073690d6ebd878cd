"""`BatchNorm` in train mode moves its running statistics."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(3)

    def forward(self, x):
        y = self.norm(x)
        if self.norm.running_mean[0] > 0:
            y = y + 1
        return y, self.norm.num_batches_tracked + 0


CASE = Case(
    origin="engine item 5: buffers that change (BatchNorm in train mode)",
    model=Model,
    example=Call(numbers(4, 3).abs()),
    right=(Call(numbers(4, 3, seed=1).abs()),),
    other=(Call(-numbers(4, 3, seed=1).abs()),),
    codes=frozenset({"TD101"}),
)
