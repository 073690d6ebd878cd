"""A random op with a generator of its own: saved by upstream and then not loaded (KeyError)."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(7)

    def forward(self, x):
        return x + torch.rand(3, generator=self.generator)


CASE = Case(
    origin="upstream: programs that come out and can't be loaded (a generator argument's KeyError)",
    model=Model,
    example=Call(numbers(3)),
    tags=frozenset({"random"}),
)
