"""Control flow operators in autocast regions: results that are used, and results that a branch reads."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(3, 3)

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = torch.cond(x.mean() > 100, lambda t: t * 2, lambda t: t.relu(), (x,))
            y = self.lin(y)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            seen = torch.cond(x.mean() > 100, lambda t: t * 2, lambda t: t.relu(), (x,))
            if seen.sum() > 1000:
                y = -y
        return y


CASE = Case(
    origin="fuzzer: saving fails where a control flow operator opens an autocast region",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
    other=(Call(numbers(2, 3) * 10_000),),
    codes=frozenset({"TD101"}),
)
