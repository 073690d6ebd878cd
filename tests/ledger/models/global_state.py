"""Writes to state outside of the module: globals, closures, class attributes, arrays."""

import ctypes
import functools
from collections import UserDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from weakref import WeakKeyDictionary

import torch

from tests.ledger.registry import model


@model
def outside_array_written():
    """NumPy writes into the memory that an array shares with a tensor; what it was given is asserted."""
    return Patch(), (torch.ones(3),)


class Patch(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        y.numpy()[0] = 9.0  # expect: TD103, TD303 guarded
        return y + 1


@model
def outside_class_attribute():
    """A cache shared by every instance of the class. Every call of the program makes the mask anew: nothing is
    wrong.
    """
    return Mask(), (torch.ones(3, 3),)


class Mask(torch.nn.Module):
    cache = {}  # noqa: RUF012

    def forward(self, x):
        length = x.shape[1]
        if length not in Mask.cache:
            Mask.cache[length] = torch.ones(length, length).tril()  # expect: TD403 note
        return x * Mask.cache[length]


@model
def outside_closure():
    """A list in the closure of a method, made by a factory of classes."""
    return recording()(), (torch.ones(3),)


def recording():
    kept = []

    class Recorder(torch.nn.Module):
        def forward(self, x):
            kept.append(x * 2)  # expect: TD403
            return kept[-1] + 1

    return Recorder


@model
def outside_counter():
    """Counts the calls of every model in a global, and of this class in its attribute."""
    return Counted(), (torch.ones(3),)


CALLS = 0


class Counted(torch.nn.Module):
    calls = 0

    def forward(self, x):
        global CALLS
        CALLS += 1  # expect: TD403
        type(self).calls += 1  # expect: TD403
        return x * 2


@model
def outside_dataclass():
    """Statistics in a global object of a data class: a count and a list."""
    return CountedInDataclass(), (torch.ones(3),)


@dataclass
class Statistics:
    seen: int = 0
    sums: list = field(default_factory=list)


STATISTICS = Statistics()


class CountedInDataclass(torch.nn.Module):
    def forward(self, x):
        STATISTICS.seen += 1  # expect: TD403
        STATISTICS.sums.append(x.sum())  # expect: TD403
        return x * 2


@model
def outside_default_argument():
    """A list as a default argument collects what passes."""
    return Collects(), (torch.ones(3),)


class Collects(torch.nn.Module):
    def forward(self, x, seen=[]):  # noqa: B006
        seen.append(x.sum())  # expect: TD403
        return x * 2


@model
def outside_global_list():
    """Appends to a list beside the model."""
    return Recorder(), (torch.ones(3),)


HISTORY = []


class Recorder(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        HISTORY.append(y)  # expect: TD403
        return y + 1


@model
def outside_global_name():
    """Assigns a global."""
    return LastRecorder(), (torch.ones(3),)


LAST = None


class LastRecorder(torch.nn.Module):
    def forward(self, x):
        global LAST
        y = x.tanh()
        LAST = y  # expect: TD403
        return y


@model
def outside_holders():
    """Objects of Python's library that are there to be filled: a namespace, a weak dictionary, a wrapped one."""
    return Filling(), (torch.ones(3),)


HOLDER = SimpleNamespace(output=None)
BY_MODEL: WeakKeyDictionary = WeakKeyDictionary()
NAMED: UserDict = UserDict()


class Filling(torch.nn.Module):
    def forward(self, x):
        HOLDER.output = x * 2  # expect: TD403
        BY_MODEL[self] = x + 1  # expect: TD403
        NAMED["sum"] = x.sum()  # expect: TD403
        return x - 1


@model
def outside_in_function():
    """A function with a cache of constants in a global of its file, called by a submodule: the program makes
    it anew.
    """
    return torch.nn.Sequential(torch.nn.Linear(4, 4), Scale()), (torch.ones(2, 4),)


TABLES = {}


def table(name, x):
    if name not in TABLES:
        TABLES[name] = x.new_ones(4)  # expect: TD403 note
    return TABLES[name]


class Scale(torch.nn.Module):
    def forward(self, x):
        return x * table("scale", x)


@model
def outside_memmove():
    """A C library writes into a tensor's memory."""
    return Copy(), (torch.ones(3),)


class Copy(torch.nn.Module):
    def forward(self, x):
        y = torch.empty_like(x)
        ctypes.memmove(y.data_ptr(), x.data_ptr(), x.nbytes)  # expect: TD303
        return y + 1


@model
def outside_memoized_tensor():
    """A memoized function that makes a tensor: the next call outside would get one of the trace."""
    return Attend(), (torch.ones(3, 3),)


@functools.cache
def causal(length):
    return torch.ones(length, length).tril()


class Attend(torch.nn.Module):
    def forward(self, x):
        return x * causal(x.shape[1])  # expect: TD403 note


@model
def outside_meter():
    """An object that is no module counts in a method of its own; one that the caller made is found as well."""
    return Metered(Meter()), (torch.ones(3),)


class Meter:
    def __init__(self):
        self.total, self.count = 0.0, 0

    def update(self, size):
        self.total += size  # expect: TD403
        self.count += 1  # expect: TD403


class Metered(torch.nn.Module):
    def __init__(self, meter):
        super().__init__()
        self.meter = meter

    def forward(self, x):
        self.meter.update(x.shape[0])
        count = 2
        return x * count


@model
def outside_thread():
    """A part of the computation runs in a thread, which no tracer follows: its outcome is frozen, and the run
    recorded.
    """
    return Side(), (torch.ones(2, 3),)


class Side(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        with ThreadPoolExecutor(1) as pool:
            side = pool.submit(torch.tanh, x * 2).result()  # expect: TD303, TD901
        return self.linear(x) + side
