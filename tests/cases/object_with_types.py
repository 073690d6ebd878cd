"""An object of an unregistered class that holds a dtype, a device, a layout, a size, a member of an enumeration too."""

import enum

import torch

from tests.cases.case import Call, Case, numbers


class Kind(enum.Enum):
    KEYS = "keys"
    VALUES = "values"


class Layer:
    def __init__(self, keys):
        self.keys, self.dtype, self.device = keys, keys.dtype, keys.device
        self.layout, self.first, self.kind = torch.strided, torch.Size([2, 3]), Kind.VALUES


class Model(torch.nn.Module):
    def forward(self, x):
        return Layer(x * 2)


CASE = Case(
    origin="promise 1: outputs of unregistered classes (caches that know their dtype), saved and loaded",
    model=Model,
    example=Call(numbers(2, 3)),
    right=(Call(numbers(2, 3, seed=1)),),
    codes=frozenset({"TD502"}),
)
