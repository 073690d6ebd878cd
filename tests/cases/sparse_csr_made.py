"""A sparse CSR tensor made of indices, multiplied and taken apart: before 2.15 torch's tracer asks for its strides."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, rows, columns, values, x):
        adjacency = torch.sparse_csr_tensor(rows, columns, values, (4, 4))
        again = (adjacency @ adjacency).to_sparse_coo()
        row, column = again.indices()
        return torch.zeros_like(x).index_add(0, row, x[column] * again.values()[:, None]), row.shape[0]


DESCRIBED = torch.__version__ >= "2.15"
ROWS, COLUMNS = torch.tensor([0, 1, 2, 3, 4]), torch.tensor([1, 2, 3, 0])

CASE = Case(
    origin="graph networks that square an adjacency matrix",
    model=Model,
    example=Call(ROWS, COLUMNS, numbers(4), numbers(4, 3)),
    right=(Call(ROWS, COLUMNS, numbers(4, seed=1), numbers(4, 3, seed=2)),),
    other=(Call(ROWS, torch.tensor([0, 0, 3, 3]), numbers(4), numbers(4, 3)),),
    rung="symbolic" if DESCRIBED else "concrete",
    codes=frozenset() if DESCRIBED else frozenset({"TD901"}),
    baked=False,
)
