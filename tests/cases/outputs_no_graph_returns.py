"""Outputs that pytree does not know or a graph can't return: sets, slices, iterators, arrays of NumPy, functions."""

import collections
import enum
import types

import numpy as np
import torch

from tests.cases.case import Call, Case, numbers


class Kind(enum.IntFlag):
    ROWS = 1
    COLUMNS = 2


class Holder:
    def __init__(self, **content):
        vars(self).update(content)


def scale(value):
    return value * 2


class Model(torch.nn.Module):
    def forward(self, x):
        rows = x.shape[0]
        yield_two = (row for row in (x, x + 1))
        return {
            "containers": [{"a", 2}, frozenset({3}), slice(0, rows), range(4), types.MappingProxyType({"x": x})],
            "iterators": [map(scale, (x, x)), zip((x,), (1,), strict=True), enumerate([x]), iter([x]), yield_two],
            "views": ({"k": x}.keys(), {"k": x}.values(), {"k": x}.items()),
            "values": (1j, b"bytes", "text", ..., Kind.ROWS, scale, Holder),
            "arrays": (np.arange(6).reshape(2, 3).T, np.float64(0.5), np.int8(3), np.array(["a", "b"])),
            "keys": {torch.float32: x, (1, torch.long): x, Holder: x},
            "nested": collections.OrderedDict(a=(x, torch.float32), b=collections.deque([range(2)])),
            "results": (x.max(0), x.topk(1)),
            "object": Holder(parts=[x, torch.float32], seen={1}, sizes={"rows": rows}, where=slice(rows, None)),
        }


CASE = Case(
    origin="promise 1: a graph, always",
    model=Model,
    example=Call(numbers(3, 2)),
    right=(Call(numbers(3, 2, seed=1)), Call(numbers(5, 2, seed=2))),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
    codes=frozenset({"TD502"}),
    baked=False,
)
