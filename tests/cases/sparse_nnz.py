"""The number of elements of sparse inputs, as a number and in a branch."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, coo, csr, csc, x):
        y = torch.sparse.mm(coo, x) * csr._nnz() + csc._nnz()
        return y + 1 if coo._nnz() > 2 else y


def call(*diagonal):
    dense = torch.diag(torch.tensor(diagonal))
    return Call(dense.to_sparse(), dense.to_sparse_csr(), dense.to_sparse_csc(), numbers(3, 2))


CASE = Case(
    origin="upstream: the number of elements of a sparse input is baked",
    model=Model,
    example=call(1.0, 2.0, 3.0),
    right=(call(3.0, 2.0, 1.0),),
    other=(call(1.0, 0.0, 0.0),),
    codes=frozenset({"TD101"}),
    baked=False,
)
