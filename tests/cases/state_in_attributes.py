"""State in tensors that are no buffers: in attributes, lists, dicts, objects with slots, and what hooks collect."""

import torch

from tests.cases.case import Call, Case, numbers


class Layer:
    __slots__ = ("keys",)

    def __init__(self):
        self.keys = torch.zeros(4)


class Holder:
    def __init__(self):
        self.layers = [Layer(), Layer()]
        self.by_name = {"total": torch.zeros(4)}


class Statistics:
    def __init__(self):
        self.sum = torch.zeros(4)

    def add(self, module, args, output):
        self.sum += output.detach().sum(0)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.cache = torch.zeros(2, 4)
        self.first = self.cache[0]
        self.holder = Holder()
        self.linear = torch.nn.Linear(4, 4)
        self.statistics = Statistics()
        self.linear.register_forward_hook(self.statistics.add)

    def forward(self, x, pos):
        self.cache[pos] = x.sum(0)
        y = self.linear(x).detach()
        for layer in self.holder.layers:
            layer.keys.add_(y.sum(0))
            y = y + layer.keys
        self.holder.by_name["total"].mul_(0.5).add_(y[0])
        return y + self.first, self.holder.by_name["total"] + 1, self.statistics.sum * 2


CASE = Case(
    origin="upstream: a cache in a plain tensor attribute",
    model=Model,
    example=Call(numbers(3, 4), torch.tensor([0])),
    right=(Call(numbers(3, 4, seed=1), torch.tensor([1])), Call(numbers(3, 4, seed=2), torch.tensor([0]))),
    codes=frozenset({"TD402"}),
    baked=False,
)
