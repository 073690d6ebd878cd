"""A tensor formatted into a key."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, kind):
        table = {"tensor(1)": 10.0, "1": 20.0}
        return x * table[str(kind)] + x * table[f"{kind}"] + x * len(repr(kind))


CASE = Case(
    origin="upstream: f-string of a tensor",
    model=Model,
    example=Call(torch.ones(2), torch.tensor(1)),
    right=(Call(numbers(2), torch.tensor(1)),),
    other=(Call(torch.ones(2), torch.tensor(2)), Call(torch.ones(2), torch.tensor(-11))),
    codes=frozenset({"TD103"}),
)
