"""The model of `caught_failure_on_unknown_sizes` on an example where the operation does not fail."""

import torch

from tests.cases.case import Call, Case
from tests.cases.caught_failure_on_unknown_sizes import Model

CASE = Case(
    origin="upstream: a failing op inside try/except stays in the graph and raises at run time",
    model=Model,
    example=Call(torch.tensor([1.0, 2.0, 4.0, 3.0])),
    right=(Call(torch.tensor([1.0, 2.0, -1.0, -1.0])),),
    other=(Call(torch.tensor([1.0, 2.0, 3.0, -1.0])),),
    codes=frozenset({"TD102"}),
)
