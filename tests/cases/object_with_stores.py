"""An object that can be called, keeps its tensors in stores that refer back to it, and answers for their names."""

import weakref
from collections.abc import MutableMapping

import torch

from tests.cases.case import Call, Case, numbers


class Store(MutableMapping):
    def __init__(self, parent, **content):
        self.__dict__["_content"] = dict(content)
        self.__dict__["_parent"] = weakref.ref(parent)

    def __getattr__(self, name):
        return self._content[name]

    def __setattr__(self, name, value):
        self[name] = value

    def __getitem__(self, name):
        return self._content[name]

    def __setitem__(self, name, value):
        self._content[name] = value

    def __delitem__(self, name):
        del self._content[name]

    def __iter__(self):
        return iter(self._content)

    def __len__(self):
        return len(self._content)

    @property
    def scale(self):
        return self._parent().factor


class Graph:
    def __init__(self, nodes, users, factor=2):
        self.__dict__["factor"] = factor
        self.__dict__["kind"] = Store
        self.__dict__["_empty"] = Store(self)
        self.__dict__["_node"] = Store(self, x=nodes, label=3)
        self.__dict__["_edges"] = {("user", "buys"): Store(self, x=users)}

    def __call__(self):
        return iter(self._node)

    def __getattr__(self, name):
        return getattr(self.__dict__["_node"], name)

    def __deepcopy__(self, memo):
        return Graph(self.x.clone(), self._edges["user", "buys"].x.clone(), self.factor)


class Model(torch.nn.Module):
    def forward(self, graph):
        users = graph._edges["user", "buys"]
        return Graph(graph.x * users.scale + users.x, users.x * graph._node.scale + len(graph._empty), graph.factor)


def graph(seed: int) -> Graph:
    return Graph(numbers(3, seed=seed), numbers(3, seed=seed + 1))


def scaled(seed: int) -> Graph:
    return Graph(numbers(3, seed=seed), numbers(3, seed=seed + 1), factor=3)


CASE = Case(
    origin="promise 1: inputs and outputs of unregistered classes (graphs of graph network libraries)",
    model=Model,
    example=Call(graph(0)),
    right=(Call(graph(2)),),
    other=(Call(scaled(0)),),
    codes=frozenset({"TD501"}),
)
