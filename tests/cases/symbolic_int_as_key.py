"""Numbers read from a tensor look something up in a dict."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, grid, x):
        table = {2: x + 1, 3: x * 2}
        out = x
        for size in grid.tolist():
            out = out + table[size]
        return out


CASE = Case(
    origin="upstream: a symbolic int as dict key (Qwen2-VL, .tolist())",
    model=Model,
    example=Call(torch.tensor([2, 3, 2]), numbers(3)),
    right=(Call(torch.tensor([2, 3, 2]), numbers(3, seed=1)),),
    other=(Call(torch.tensor([3, 3, 2]), numbers(3)), Call(torch.tensor([2, 3, 9]), numbers(3))),
)
