"""A tensor pickled and loaded again."""

import pickle

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        again = pickle.loads(pickle.dumps(x[:2]))
        return x.sum() + again


CASE = Case(
    origin="upstream: pickling",
    model=Model,
    example=Call(numbers(4)),
    other=(Call(numbers(4, seed=1)),),
)
