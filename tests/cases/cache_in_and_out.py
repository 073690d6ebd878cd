"""A cache object handed in, extended and handed back."""

import torch

from tests.cases.case import Call, Case, numbers


class Memory:
    def __init__(self, keys, layer=0):
        self.keys = keys
        self.layer = layer


class Model(torch.nn.Module):
    def forward(self, x, memory):
        memory = Memory(torch.cat([memory.keys, x]), memory.layer + 1)
        return x @ memory.keys.T, memory


CASE = Case(
    origin="upstream: caches as outputs; unregistered input or output classes",
    model=Model,
    example=Call(numbers(2, 3), Memory(numbers(4, 3, seed=1))),
    right=(Call(numbers(2, 3, seed=2), Memory(numbers(4, 3, seed=3))),),
    codes=frozenset({"TD501"}),
)
