"""Two modules share one parameter."""

import torch

from tests.cases.case import Call, Case


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(5, 3)
        self.head = torch.nn.Linear(3, 5, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids):
        if self.head.weight[0, 0] > 100:
            return ids
        return self.head(self.embed(ids))


CASE = Case(
    origin="engine item 5: tied and aliased parameters",
    model=Model,
    example=Call(torch.tensor([1, 2])),
    right=(Call(torch.tensor([4, 0])),),
    codes=frozenset({"TD101"}),
)
