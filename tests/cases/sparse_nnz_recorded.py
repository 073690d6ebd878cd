"""The number of elements of sparse inputs in a recorded run: asserted."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, coo, csr, x):
        made = torch.sparse_csr_tensor(csr.crow_indices(), csr.col_indices(), csr.values(), (3, 3))
        return made @ x * coo._nnz() + csr._nnz()


def call(*diagonal):
    dense = torch.diag(torch.tensor(diagonal))
    return Call(dense.to_sparse(), dense.to_sparse_csr(), numbers(3, 2))


DESCRIBED = torch.__version__ >= "2.15"

CASE = Case(
    origin="upstream: the number of elements of a sparse input is baked",
    model=Model,
    example=call(1.0, 2.0, 3.0),
    right=(call(3.0, 2.0, 1.0),),
    other=(call(1.0, 0.0, 0.0),),
    rung="symbolic" if DESCRIBED else "concrete",
    codes=frozenset() if DESCRIBED else frozenset({"TD901"}),
    baked=False,
)
