"""A branch on an unknown number of values being none: the loader lost the symbol of an asserted `4 * n == 0`."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, boxes):
        found = torch.where(x > 0)[0]
        kept = boxes[found]
        if kept.numel() == 0:
            return boxes.new_zeros(4), found.shape[0]
        return kept.sum(0), found.shape[0]


CASE = Case(
    origin="upstream: detection models that find nothing; programs that come out and can't be loaded",
    model=Model,
    example=Call(-torch.ones(5), numbers(5, 4)),
    right=(Call(-torch.ones(5), numbers(5, 4, seed=1)),),
    other=(Call(torch.ones(5), numbers(5, 4)),),
    codes=frozenset({"TD101"}),
)
