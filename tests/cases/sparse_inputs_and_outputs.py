"""Sparse tensors, COO and CSR, as inputs and outputs; how many values they hold is data."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, coo, csr, x):
        values = coo.coalesce().values()
        mean = values.sum() / values.shape[0]
        return coo @ x + mean, (csr @ x).to_sparse()


def call(count, seed=0):
    dense = torch.zeros(4, 4)
    dense[:count, 1] = numbers(count, seed=seed)
    return Call(dense.to_sparse(), dense.to_sparse_csr(), numbers(4, 3, seed=seed))


CASE = Case(
    origin="graph networks that take sparse adjacency matrices",
    model=Model,
    example=call(3),
    right=(call(3, seed=1),),
    other=(call(2),),
    baked=False,
)
