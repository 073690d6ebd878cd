"""A dict of tables filled in the first call."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(3, 4)
        self.cache = {}

    def forward(self, x):
        key = x.shape[-1]
        if key not in self.cache:
            self.cache[key] = torch.ones(key)
        return self.lin(x * self.cache[key])


CASE = Case(
    origin="engine item 5: lazy state made in the first call",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
    codes=frozenset({"TD402"}),
)
