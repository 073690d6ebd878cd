"""A sparse input that the model marks as coalesced, which writes to it: it has no storage that could be looked at."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x, adjacency):
        rows, columns = adjacency._coalesced_(True).indices().detach()
        total = torch.zeros_like(x).index_add(0, rows, x[columns])
        return total if bool(adjacency.values().sum() > 1) else x


def adjacency(weight: float) -> torch.Tensor:
    with torch.sparse.check_sparse_tensor_invariants():
        return torch.sparse_coo_tensor(torch.tensor([[0, 1, 2], [1, 2, 0]]), torch.full((3,), weight), (4, 4))


CASE = Case(
    origin="promise 1: a graph network on a sparse adjacency",
    model=Model,
    example=Call(numbers(4, 2), adjacency(1.0)),
    right=(Call(numbers(4, 2, seed=1), adjacency(2.0)),),
    other=(Call(numbers(4, 2), adjacency(0.1)),),
    codes=frozenset({"TD101", "TD401"}),
)
