"""A cache of an unregistered class, filled in `forward` and returned."""

import torch

from tests.cases.case import Call, Case, numbers


class Cache:
    def __init__(self):
        self.keys = []
        self.seen = 0

    def update(self, key):
        self.keys.append(key)
        self.seen += key.shape[0]
        return torch.cat(self.keys)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(3, 3) for _ in range(2)])

    def forward(self, x):
        cache = Cache()
        for layer in self.layers:
            x = layer(x)
            cache.update(x)
        return x, cache


CASE = Case(
    origin="upstream: caches as outputs (GPT-2, T5 with use_cache)",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
    codes=frozenset({"TD502"}),
)
