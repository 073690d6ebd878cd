"""Exceptions that are caught in the model, and `torch.cond`."""

import contextlib

import torch

from tests.ledger.registry import model


@model
def caught_around_reads():
    """A `try` around branches and sizes that data decides: each is one assumption, as it is outside of a `try`."""
    return Guarded(), (torch.ones(3),)


class Guarded(torch.nn.Module):
    def forward(self, x):
        try:
            if x.max().item() > 3:  # expect: TD101 x1
                x = x * 2
            times = int(x.sum())
            for _ in range(times):  # expect: TD102 x1
                x = x + 1
            return x * len(x[x > 1])
        except RuntimeError:
            return x


@model
def caught_condition():
    """An assertion on data inside a `try`: it holds, nothing is caught, the condition is an assumption."""
    return Root(), (torch.ones(3),)


class Root(torch.nn.Module):
    def forward(self, x):
        try:
            assert (x >= 0).all(), "negative"  # expect: TD101
        except AssertionError:
            x = x.abs()
        return x.sqrt()


@model
def caught_in_function():
    """A helper that tries shapes until one fits, called twice: the attempt fails in the second call."""
    return Merge(), (torch.ones(3), torch.ones(3), torch.ones(5))


def matched(left, right):
    try:
        return left + right  # expect: TD601
    except RuntimeError:
        return left + right.mean()


class Merge(torch.nn.Module):
    def forward(self, x, y, z):
        return matched(x, y) * matched(x, z)


@model
def caught_in_loop():
    """The same failing attempt in every turn."""
    return Blocks(), (torch.ones(5),)


class Blocks(torch.nn.Module):
    def forward(self, x):
        total = x.sum()
        for _ in range(3):
            try:
                total = total + x.reshape(2, 2).det()  # expect: TD601 x3
            except RuntimeError:
                total = total + 1
        return total


@model
def caught_numerical():
    """A decomposition that fails on this matrix, and a sturdier one in its place.

    That it fails is seen in a real run only, so the model is recorded whole.
    """
    return Factor(), (torch.tensor([[1.0, 2.0], [2.0, 1.0]]),)


# expect without a line: TD901


class Factor(torch.nn.Module):
    def forward(self, matrix):
        try:
            return torch.linalg.cholesky(matrix)  # expect: TD601 baked
        except RuntimeError:
            return torch.linalg.cholesky(matrix + 3 * torch.eye(2))


@model
def caught_suppressed():
    """`contextlib.suppress` around an attempt."""
    return Shapes(), (torch.ones(2, 2),)


class Shapes(torch.nn.Module):
    def forward(self, x):
        with contextlib.suppress(RuntimeError):
            x = x.view(3, 3)  # expect: TD601
        return x.flatten()


@model
def caught_then_branch():
    """An attempt that fails, then a condition on data in the handler."""
    return Robust(), (torch.ones(2, 3), torch.ones(2, 3))


class Robust(torch.nn.Module):
    def forward(self, a, b):
        try:
            return a @ b  # expect: TD601
        except RuntimeError:
            if a.sum() > 0:  # expect: TD101
                return a @ b.T
            return a * 0


@model
def caught_view():
    """Tries a view and falls back."""
    return Fold(), (torch.ones(4),)


class Fold(torch.nn.Module):
    def forward(self, x):
        try:
            return x.view(-1, 3) * 2  # expect: TD601
        except RuntimeError:
            return x * 2


@model
def cond_in_loop():
    """Branches of two dtypes in a loop, without the other of them ever taken."""
    return Steps(), (torch.ones(3),)


class Steps(torch.nn.Module):
    def forward(self, x):
        total = x.sum()
        for _ in range(2):
            with torch.compiler.set_stance("force_eager"):
                y = torch.cond(total > 0, lambda x: x + 1, lambda x: x.long(), (x,))  # expect: TD602 x2
            total = total + y.sum()
        return total


@model
def cond_of_two_dtypes():
    """Branches of `torch.cond` that return different dtypes, under the stance without which eager refuses them too.

    The mismatch says itself that the path taken is asserted: that the condition is data is no second finding.
    """
    return Widen(), (torch.ones(3),)


class Widen(torch.nn.Module):
    def forward(self, x):
        def plain(x):
            return x * 2

        def wide(x):
            return (x * 2).double()

        with torch.compiler.set_stance("force_eager"):
            return torch.cond(x.sum() > 0, plain, wide, (x,))  # expect: TD602


@model
def cond_of_two_ranks():
    """Branches whose numbers of dimensions differ, over several lines."""
    return Pool(), (torch.ones(3, 3),)


class Pool(torch.nn.Module):
    def forward(self, x):
        with torch.compiler.set_stance("force_eager"):
            y = torch.cond(  # expect: TD602
                x.mean() > 0,
                lambda x: x * 2,
                lambda x: x.sum(1),
                (x,),
            )
        return y + 1


@model
def cond_of_two_structures():
    """One branch returns a tensor, the other a pair, in a submodule."""
    return Net(), (torch.ones(3),)


class Head(torch.nn.Module):
    def forward(self, x):
        with torch.compiler.set_stance("force_eager"):
            return torch.cond(x.max() > 0, lambda x: (x * 2,), lambda x: (x, x * 3), (x,))  # expect: TD602


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = Head()

    def forward(self, x):
        return self.head(x.relu())[0]
