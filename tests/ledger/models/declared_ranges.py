"""Declared dimensions whose range the model breaks or narrows."""

import torch

from tests.ledger.registry import model


@model
def range_branch():
    """A branch on a size declared with `Dim`."""
    return Head(), (torch.ones(12, 3),), {}, {"x": {0: torch.export.Dim("rows")}}


class Head(torch.nn.Module):
    def forward(self, x):
        if x.size(0) > 10:  # expect: TD201
            return x[:10] * 2
        return x


@model
def range_derived_broken():
    """Two lengths declared as one and its double, in a model made for one length.

    The shared dimension is what the model fixes; that its double is fixed with it is no assumption of its own.
    """
    half = torch.export.Dim("half")
    return Mix(), (torch.ones(4), torch.ones(8)), {}, {"short": {0: half}, "long": {0: 2 * half}}


class Mix(torch.nn.Module):
    def forward(self, short, long):
        return short.sum() + long[: short.shape[0] * 2] @ torch.ones(8)  # expect: TD201


@model
def range_derived_fixed():
    """A derived dimension that a parameter fixes, and its root with it: one assumption."""
    rows = torch.export.Dim("rows")
    return Doubled(), (torch.rand(3, 4), torch.rand(6, 4)), {}, {"x": {0: rows}, "y": {0: 2 * rows}}


class Doubled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(6, 4))

    def forward(self, x, y):
        return x * 2, y * self.weight  # expect: TD201


@model
def range_example_outside():
    """The example is shorter than the range it was declared with.

    No line of the model is to blame; the parameter in forward's signature is the place to look at.
    """
    return Scale(), (torch.ones(3, 2),), {}, {"x": {0: torch.export.Dim("rows", min=4, max=8)}}


class Scale(torch.nn.Module):
    def forward(self, x):  # expect: TD201
        return x * 2


@model
def range_example_of_another_form():
    """A size of 5, declared as the double of another."""
    return Halve(), (torch.ones(5, 2),), {}, {"x": {0: 2 * torch.export.Dim("half")}}


class Halve(torch.nn.Module):
    def forward(self, x):  # expect: TD201
        return x / 2


@model
def range_example_of_two_sizes():
    """One dimension declared in two places, where the example has two sizes."""
    rows = torch.export.Dim("rows")
    return ScaleBoth(), (torch.ones(5, 2), torch.ones(3, 2)), {}, {"x": {0: rows}, "y": {0: rows}}


class ScaleBoth(torch.nn.Module):
    def forward(self, x, y):  # expect: TD201
        return x * 2, y * 2


@model
def range_fixed_by_parameter():
    """`Dim.DYNAMIC` for a length that a table of positions fixes."""
    return Positions(), (torch.ones(2, 6, 4),), {}, {"x": {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}}


class Positions(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.zeros(6, 4))

    def forward(self, x):
        return x + self.table  # expect: TD201


@model
def range_in_submodule():
    """The assumption is made in a submodule, about an input of the whole."""
    return Encoder(), (torch.ones(2, 5, 4),), {}, {"x": {1: torch.export.Dim("length", min=2)}}


class Attention(torch.nn.Module):
    def forward(self, x):
        length = x.shape[1]
        if length > 64:  # expect: TD201
            x = x[:, -64:]
        return torch.softmax(x @ x.transpose(1, 2), -1) @ x


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.norm = torch.nn.LayerNorm(4)

    def forward(self, x):
        return self.norm(x + self.attention(x))


@model
def range_multiple():
    """Folds pairs of rows: the number of rows has to be even."""
    return Pairs(), (torch.ones(6, 3),), {}, {"x": {0: torch.export.Dim("rows")}}


class Pairs(torch.nn.Module):
    def forward(self, x):
        return x.reshape(x.shape[0] // 2, 2, 3).sum(1)  # expect: TD201


@model
def range_narrower_table():
    """A range declared wider than the table of positions is long."""
    return PositionsOfTable(), (torch.ones(2, 6, 4),), {}, {"x": {1: torch.export.Dim("length", max=64)}}


class PositionsOfTable(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.zeros(32, 4))

    def forward(self, x):
        return x + self.table[: x.shape[1]]  # expect: TD201


@model
def range_of_number():
    """A plain number among the inputs is dynamic; a branch narrows it."""
    return Shift(), (torch.ones(3), 5), {}, {"x": None, "amount": torch.export.Dim.DYNAMIC}


class Shift(torch.nn.Module):
    def forward(self, x, amount):
        if amount > 3:  # expect: TD201
            return x + amount
        return x - amount


@model
def range_reshape_heads():
    """Heads of a width that an attribute gives: the features have to come out even."""
    return Heads(4), (torch.ones(2, 3, 12),), {}, {"x": {1: torch.export.Dim("time"), 2: torch.export.Dim("features")}}


class Heads(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def forward(self, x):
        return x.unflatten(-1, (-1, self.width)).transpose(1, 2)  # expect: TD201


@model
def range_slice_needs_more():
    """A slice of five and weights for five: shorter sequences were allowed."""
    return HeadOfSlice(), (torch.ones(2, 7),), {}, {"x": {1: torch.export.Dim("length", min=2, max=10)}}


class HeadOfSlice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.ones(5))

    def forward(self, x):
        return x[:, :5] * self.weights  # expect: TD201


@model
def range_tied():
    """Two inputs declared with dimensions of their own have to agree: one assumption about two names."""
    shapes = {"x": {0: torch.export.Dim("left")}, "y": {0: torch.export.Dim("right")}}
    return Residual(), (torch.ones(4, 3), torch.ones(4, 3)), {}, shapes


class Residual(torch.nn.Module):
    def forward(self, x, y):
        x = torch.relu(x)
        return x + y  # expect: TD201


@model
def range_two_branches():
    """Two branches on one dimension, on two lines: two assumptions, though one range holds both."""
    return Pyramid(), (torch.ones(2, 16),), {}, {"x": {1: torch.export.Dim("length")}}


class Pyramid(torch.nn.Module):
    def forward(self, x):
        if x.shape[1] > 4:  # expect: TD201
            x = x[:, ::2]
        if x.shape[1] > 6:  # expect: TD201
            x = x[:, ::2]
        return x


@model
def range_two_inputs_on_one_line():
    """One line that narrows a dimension of each of two inputs."""
    shapes = {"query": {0: torch.export.Dim("query")}, "memory": {0: torch.export.Dim("memory")}}
    return Window(), (torch.ones(5, 3), torch.ones(30, 3)), {}, shapes


class Window(torch.nn.Module):
    def forward(self, query, memory):
        if query.shape[0] < 8 and memory.shape[0] > 20:  # expect: TD201, TD201
            return query @ memory[-20:].T
        return query @ memory.T


@model
def range_two_shared():
    """A dimension shared by two inputs, fixed by a table: one name, one assumption."""
    length = torch.export.Dim("length")
    shapes = {"x": {1: length}, "mask": {1: length}}
    return Lookup(), (torch.ones(2, 6), torch.zeros(2, 6, dtype=torch.bool)), {}, shapes


class Lookup(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(6))

    def forward(self, x, mask):
        x = x.masked_fill(mask, 0)
        return x + self.bias  # expect: TD201
