"""A nested tensor cannot be recorded at all: the program holds its inputs to the example."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x, out):
        rows = torch.nested.nested_tensor([x[:1], x])
        self.calls += 1
        out.copy_(x.sum(0))
        return {"padded": torch.nested.to_padded_tensor(rows * 2, 0.0), "given": out, "calls": self.calls * 1}


CASE = Case(
    origin="promise 1: a graph, always",
    model=Model,
    example=Call(numbers(2, 3), torch.zeros(3)),
    other=(Call(numbers(2, 3, seed=1), torch.zeros(3)), Call(numbers(3, 3), torch.zeros(3))),
    rung="frozen",
    codes=frozenset({"TD905"}),
    baked=False,
)
