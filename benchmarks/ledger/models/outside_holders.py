"""Objects of Python's library that are there to be filled: a namespace, a weak dictionary, a wrapped one."""

from collections import UserDict
from types import SimpleNamespace
from weakref import WeakKeyDictionary

import torch

LAST = SimpleNamespace(output=None)
BY_MODEL: WeakKeyDictionary = WeakKeyDictionary()
NAMED: UserDict = UserDict()


class Filling(torch.nn.Module):
    def forward(self, x):
        LAST.output = x * 2  # expect: TD403
        BY_MODEL[self] = x + 1  # expect: TD403
        NAMED["sum"] = x.sum()  # expect: TD403
        return x - 1


def build():
    return Filling(), (torch.ones(3),)
