"""Objects that no call of their class without arguments makes: private slots, `__new__`, a tuple, a namespace."""

import collections
import types

import torch

from tests.cases.case import Call, Case, numbers


class Space(types.SimpleNamespace):
    pass


class Named(collections.UserDict):
    pass


class Slotted:
    __slots__ = ("__x", "k")

    def __init__(self, x, k):
        self.__x = x
        self.k = k

    @property
    def x(self):
        return self.__x


class TakesArguments:
    def __new__(cls, _x):
        return object.__new__(cls)

    def __init__(self, x):
        self.x = x

    def __deepcopy__(self, memo):
        return TakesArguments(self.x.clone())


class Pair(tuple):
    @property
    def x(self):
        return self[0]


class Doubles(dict):
    def __setitem__(self, name, value):
        super().__setitem__(name, value * 2)

    def __reduce__(self):
        return _restored, (dict(self),)


def _restored(items):
    made = Doubles()
    made.update(items)
    return made


class Model(torch.nn.Module):
    def forward(self, slotted, made, pair, space, user):
        doubles = Doubles()
        doubles["y"] = space.inner["x"]
        return slotted.x * slotted.k + made.x + pair.x, doubles, Space(y=user["x"] * 3, label="a")


def call(seed: int) -> Call:
    x = [numbers(3, seed=seed + place) for place in range(5)]
    space = Space(inner={"x": x[3]})
    user = Named(x=x[4])
    return Call(Slotted(x[0], 2), TakesArguments(x[1]), Pair((x[2], 5)), space, user)


CASE = Case(
    origin="promise 1: inputs and outputs of unregistered classes",
    model=Model,
    example=call(0),
    right=(call(7),),
    codes=frozenset({"TD501", "TD502"}),
)
