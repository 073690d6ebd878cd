"""The rows that data decides of each part have to add up to a size of the input."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def forward(self, x, kinds):
        out, seen = torch.zeros_like(x), 0
        for kind in (0, 1):
            rows = torch.nonzero(kinds == kind).squeeze(1)
            if rows.numel() == 1:
                rows = rows + 0
            seen += rows.numel()
            out = out.index_copy(0, rows, x.index_select(0, rows) + kind)
        if seen != kinds.size(0):
            raise RuntimeError("a row of no kind")
        return out


ROWS = torch.arange(10.0).reshape(5, 2)

CASE = Case(
    origin="torch.nn.AdaptiveLogSoftmaxWithLoss with a dynamic batch",
    model=Model,
    example=Call(ROWS, torch.tensor([0, 1, 0, 0, 0])),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}, "kinds": {0: torch.export.Dim.DYNAMIC}},
    right=(Call(torch.cat([ROWS, ROWS])[:7], torch.tensor([0, 1, 0, 0, 0, 0, 0])),),
    other=(Call(ROWS, torch.tensor([0, 1, 1, 0, 0])), Call(ROWS, torch.tensor([0, 1, 2, 0, 0]))),
)
