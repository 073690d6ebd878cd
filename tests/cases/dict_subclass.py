"""A dict subclass with attributes of its own, in and out."""

import torch

from tests.cases.case import Call, Case, numbers


class Batch(dict):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.source = "train"


class Model(torch.nn.Module):
    def forward(self, batch):
        return Batch(sum=batch["a"] + batch["b"], a=batch["a"] * 2)


CASE = Case(
    origin="engine item 5: unregistered classes, dataclasses, dict subclasses",
    model=Model,
    example=Call(Batch(a=numbers(2), b=numbers(2, seed=1))),
    right=(Call(Batch(a=numbers(2, seed=3), b=numbers(2, seed=4))),),
    codes=frozenset({"TD501"}),
)
