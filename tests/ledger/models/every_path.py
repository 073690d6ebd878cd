"""Both sides of branches: `paths="all"`."""

import torch

from tests.ledger.registry import model


@model(paths="all")
def paths_both_sides():
    """One branch, merged behind its two sides."""
    return TwoSides(), (torch.ones(3),)


class TwoSides(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # expect: TD603
            x = x * 2
        return x.relu()


@model(paths="all")
def paths_elif():
    """A chain: the later conditions are on the other side of the first one, which the example does not reach."""
    return Chain(), (torch.ones(3),)


class Chain(torch.nn.Module):
    def forward(self, x):
        total = x.sum()
        if total > 0:  # expect: TD603
            return x * 2
        if total > -3:  # expect: TD603
            return x + 1
        return x - total


@model(paths="all")
def paths_in_layers():
    """One branch in the code of two layers is two branches of the program."""
    return Layers(), (torch.ones(3),)


class Gate(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # expect: TD603 x2
            return x * 2
        return x + 1


class Layers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = Gate(), Gate()

    def forward(self, x):
        return self.two(self.one(x))


@model(paths="all")
def paths_of_other_structure():
    """The other side returns something else: the branch stays guarded, and the branch before it is kept."""
    return Structures(), (torch.ones(3),)


class Structures(torch.nn.Module):
    def forward(self, x):
        y = x * 2 if x.min() > 0 else x  # expect: TD603
        if x.sum() > 0:  # expect: TD101
            return y
        return y, x


@model(paths="all")
def paths_with_written_input():
    """A write on one side is a fact about the program, as it is without a branch."""
    return Writes(), (torch.ones(3),)


class Writes(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # expect: TD603
            x.mul_(2)  # expect: TD401
        return x + 1


@model(paths="all")
def paths_of_number():
    """Which layer runs is a number of a declared range."""
    return Dispatch(), (torch.ones(3), torch.tensor(1))


class Dispatch(torch.nn.Module):
    def forward(self, x, n):
        index = n.item()
        torch._check(index >= 0)
        torch._check(index < 3)
        if index == 0:  # expect: TD603
            return x.sin()
        if index == 1:  # expect: TD603
            return x.cos()
        return x.exp()


@model(paths="all")
def paths_without_branches():
    """Nothing to keep."""
    return torch.nn.Linear(3, 2), (torch.ones(1, 3),)


@model(paths="all")
def paths_in_a_transform():
    """A branch in a function that `torch.func.grad` transforms has no place in the graph."""
    return Gradient(), (torch.ones(3),)


class Gradient(torch.nn.Module):
    def forward(self, x):
        # expect without a line: TD604
        def loss(x):
            return (x * 2 if x.sum() > 0 else x).sum()  # expect: TD101

        return torch.func.grad(loss)(x)
