"""Targets for the command line, good and bad ones."""

import torch


class Doubler(torch.nn.Module):
    def forward(self, x, bias=None):
        return x * 2


class Failing(torch.nn.Module):
    def forward(self, x):
        return self.deeper(x)

    def deeper(self, x):
        raise RuntimeError("this model is broken")


class Remembering(torch.nn.Module):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.calls


class Printing(torch.nn.Module):
    def forward(self, x):
        print("the model prints")
        return x


model = Doubler()
number = 7
X = torch.ones(2, 3)


def build():
    return Doubler(), (X,)


def everything():
    return Doubler(), (X,), {"bias": X}, {"x": {0: torch.export.Dim.AUTO}, "bias": None}


def printing():
    return Printing(), (X,)


def no_kwargs():
    return Doubler(), (X,), None


def wrong_keys():
    return Doubler(), (X,), {}, {"input": {0: torch.export.Dim.AUTO}}


def too_many_shapes():
    return Doubler(), (X,), {}, ({0: torch.export.Dim.AUTO}, None)


def wrong_arguments():
    return Doubler(), (X, X, X)


def remembering():
    return Remembering(), (X,)


def failing():
    return Failing(), (X,)


def raising():
    return {}["missing"]


def leaving():
    raise SystemExit(0)


def with_argument(size):
    return Doubler(), (X,)


def returns_none():
    return None


def returns_module():
    return Doubler()


def returns_one():
    return (Doubler(),)


def returns_five():
    return Doubler(), (X,), {}, {}, {}


def returns_function():
    return torch.relu, (X,)


def returns_list():
    return Doubler(), [X]


def returns_bad_kwargs():
    return Doubler(), (X,), [X]


def returns_numbered_kwargs():
    return Doubler(), (X,), {1: X}


def returns_class():
    return Doubler, (torch.ones(2),)


def returns_number():
    return 3, (torch.ones(2),)


class Scores(torch.nn.Linear):
    def score(self, x):
        return self(x).softmax(-1)


def returns_method():
    return Scores(3, 4).score, (torch.ones(2, 3),)


class Adds:
    def __init__(self, number):
        self.number = number

    def __call__(self, x):
        return x + self.number


def returns_object():
    return Adds(2), (torch.ones(2),)
