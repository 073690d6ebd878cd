"""A graph network that has its adjacency matrix as a sparse buffer, under two names, and a normalized one beside."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        with torch.sparse.check_sparse_tensor_invariants():
            edges = torch.sparse_coo_tensor(torch.tensor([[0, 0, 2], [1, 2, 3]]), torch.tensor([1.0, 2.0, 3.0]), (4, 4))
        self.register_buffer("edges", edges)
        self.normalized = edges.coalesce() / 3
        self.same = self.normalized

    def forward(self, x):
        y = torch.sparse.mm(self.normalized, torch.sparse.mm(self.edges, x))
        return y + self.same.values().sum()


CASE = Case(
    origin="a graph network with its adjacency matrix among the weights",
    model=Model,
    example=Call(numbers(4, 3)),
    dynamic_shapes={"x": {1: torch.export.Dim.AUTO}},
    right=(Call(numbers(4, 3, seed=1)),),
    baked=False,
)
