"""Branches on data inside helper functions, submodules, hooks, comprehensions and builtins."""

import torch

from tests.ledger.registry import model


@model
def branch_all_builtin():
    """`all` over masks, in a helper of a helper, two modules deep."""
    return Encoder(), (torch.ones(2, 3), torch.tensor([True, False]), torch.tensor([True, True]))


def usable(masks):
    return all(mask.any() for mask in masks)  # expect: TD101 x2


class Pool(torch.nn.Module):
    def forward(self, x, masks):
        if not usable(masks):
            return x.mean(0)
        return torch.stack([(x * mask[:, None]).sum(0) / mask.sum() for mask in masks]).mean(0)


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = Pool()

    def forward(self, x, left, right):
        return self.pool(x, [left, right])


@model
def branch_any_of_generator():
    """`any` over a generator of tensors asks each until one is true: here the third."""
    return Alarm(), (torch.tensor([[0.1, 0.2], [0.3, 0.4], [1.0, 0.0], [1.0, 0.0]]),)


class Alarm(torch.nn.Module):
    def forward(self, signals):
        if any(signal.max() > 0.9 for signal in signals.unbind(0)):  # expect: TD101 x3
            return signals.clamp(max=0.9)
        return signals


@model
def branch_best_of_rows():
    """The best row by hand: each comparison of the loop is an assumption, all at one place."""
    return Best(), (torch.tensor([[1.0, 2.0], [0.5, 0.1], [3.0, 1.0]]),)


class Best(torch.nn.Module):
    def forward(self, x):
        best, where = 0.0, 0
        for row, score in enumerate(x.sum(1)):
            if score > best:  # expect: TD101
                best, where = score, row
        return x[where]


@model
def branch_dispatch_table():
    """A function chosen from a table by a truth value made of a tensor."""
    return Pick(), (torch.tensor([1.0, -1.0]),)


class Pick(torch.nn.Module):
    def forward(self, x):
        actions = {True: torch.relu, False: torch.tanh}
        return actions[bool((x > 0).all())](x)  # expect: TD101


@model
def branch_greatest_of_list():
    """Python's `max` over a list of numbers chooses one of them; the program chooses again."""
    return Peak(), (torch.tensor([1.0, 4.0, 2.0]),)


class Peak(torch.nn.Module):
    def forward(self, x):
        return x / max(x.tolist())


@model
def branch_in_closure():
    """The branch stands in a function defined inside forward, which two calls on one line reach.

    Two places of the model ask, so it is told twice, each with its own stack.
    """
    return Smooth(), (torch.arange(8.0).view(2, 4), torch.tensor(0.9))


class Smooth(torch.nn.Module):
    def forward(self, x, strength):
        def step(y):
            if strength > 0.5:  # expect: TD101, TD101
                return y.roll(1, -1) * 0.5 + y * 0.5
            return y

        return step(x) + step(x * 2)


@model
def branch_in_comprehension():
    """Heads without mass are left out: the filter of a comprehension, once per head."""
    return Heads(), (torch.tensor([[1.0, 2.0], [0.0, 0.0], [3.0, 1.0], [0.0, 0.0]]),)


class Heads(torch.nn.Module):
    def forward(self, attention):
        kept = [head for head in attention.unbind(0) if head.sum() > 0]  # expect: TD101 x4
        return torch.stack(kept).mean(0)


@model
def branch_in_function():
    """The branch stands in a function beside the model."""
    return Direction(), (torch.zeros(3), torch.tensor([3.0, 4.0, 0.0]))


def unit(vector):
    length = vector.norm()
    if length == 0:  # expect: TD101
        return vector
    return vector / length


class Direction(torch.nn.Module):
    def forward(self, start, end):
        return unit(end - start)


@model
def branch_in_hook():
    """A hook on a layer checks what comes out of it."""
    layer = torch.nn.Linear(3, 3)
    layer.register_forward_hook(check)
    return torch.nn.Sequential(layer, torch.nn.ReLU()), (torch.ones(2, 3),)


def check(module, args, output):
    if output.isnan().any():  # expect: TD101
        return torch.zeros_like(output)
    return output


@model
def branch_in_inner_module_list():
    """Two kinds of layers alternate; each kind asks in its own place."""
    return Net(), (torch.ones(3),)


class Even(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 100 else x + 1  # expect: TD101 x2


class Odd(torch.nn.Module):
    def forward(self, x):
        if x.max() < 0:  # expect: TD101 x2
            return -x
        return x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([Even(), Odd(), Even(), Odd()])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@model
def branch_in_named_layers():
    """The same layer class under two names, called on two lines: repeated layers too, so one issue with a count."""
    return TwoClamps(), (torch.ones(2, 4),)


class Clamp(torch.nn.Module):
    def forward(self, x):
        if x.isinf().any():  # expect: TD101 x2
            return x.clamp(-1e4, 1e4)
        return x


class TwoClamps(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Clamp()
        self.linear = torch.nn.Linear(4, 4)
        self.second = Clamp()

    def forward(self, x):
        x = self.first(x)
        x = self.linear(x)
        return self.second(x)


@model
def branch_in_property():
    """A property that reads a buffer."""
    return Quantizer(), (torch.linspace(-1, 1, 5),)


class Quantizer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("initialized", torch.tensor(True))
        self.register_buffer("scale", torch.tensor(0.1))

    @property
    def ready(self):
        return bool(self.initialized)  # expect: TD101

    def forward(self, x):
        if self.ready:
            return torch.round(x / self.scale) * self.scale
        return x


@model
def branch_in_sequential():
    """A check inside one of the layers of a Sequential; the framework's frames between are folded away."""
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), Finite(), torch.nn.ReLU())
    return model, (torch.ones(2, 3),)


class Finite(torch.nn.Module):
    def forward(self, x):
        assert x.isfinite().all(), "the activations overflowed"  # expect: TD101
        return x


@model
def branch_in_stacked_layers():
    """The same gate in three layers of a stack: one issue that names the layers."""
    return Stack(), (torch.ones(2, 4),)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.router = torch.nn.Linear(4, 1)

    def forward(self, x):
        if self.router(x).mean() > 1e3:  # expect: TD101 x3
            return x
        return x + self.linear(x)


class Stack(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList(Block() for _ in range(3))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


@model
def branch_index_of_first():
    """`index` of a Python list compares entries until one fits: the third."""
    return First(), (torch.tensor([5, 4, 2, 0]), torch.ones(4, 3))


class First(torch.nn.Module):
    def forward(self, tokens, embedded):
        end = tokens.tolist().index(2)  # expect: TD101 x3
        return embedded[:end].mean(0)


@model
def branch_inherited_forward():
    """The branch stands in the forward of a base class that a derived class calls."""
    return Scaled(), (torch.ones(3),)


class Base(torch.nn.Module):
    def forward(self, x):
        if x.abs().max() > 10:  # expect: TD101
            x = x.clamp(-10, 10)
        return x


class Scaled(Base):
    def forward(self, x):
        return super().forward(x * 3) / 3


@model
def branch_lambda():
    """The choice stands in a lambda, called for each of three parts on one line."""
    return Signs(), (torch.tensor([1.0, 2.0, -3.0, 1.0, 0.0, 1.0]),)


class Signs(torch.nn.Module):
    def forward(self, x):
        flip = lambda part: part if part.sum() >= 0 else -part  # noqa: E731  # expect: TD101 x3
        return torch.cat([flip(part) for part in x.split(2)])


@model
def branch_or_of_columns():
    """A condition per column in a generator inside `any`, over several lines: it is `any` that asks, where it is
    called.
    """
    return Guarded(), (torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 3.0]]),)


class Guarded(torch.nn.Module):
    def forward(self, table):
        if not any(  # expect: TD101 x3
            column.std() == 0 for column in table.unbind(1)
        ):
            table = table / table.std(0)
        return table


@model
def branch_predicate_method():
    """A method returns a tensor of one truth value; the `if` that calls it asks."""
    return Decoder(), (torch.arange(5.0),)


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.end = 3

    def ended(self, logits):
        return logits.argmax() == self.end

    def forward(self, logits):
        if self.ended(logits):  # expect: TD101
            return logits * 0
        return logits.softmax(-1)


@model
def branch_recursive():
    """A function that calls itself until the interval is small: each depth is another call of the same line."""
    return Root(), (torch.tensor(0.0), torch.tensor(1.0))


def bisect(low, high, depth=0):
    middle = (low + high) / 2
    if depth == 3 or high - low < 0.3:  # expect: TD101, TD101, TD101
        return middle
    return bisect(low, middle, depth + 1)


class Root(torch.nn.Module):
    def forward(self, low, high):
        return bisect(low, high)


@model
def branch_rows_kept():
    """Rows kept by a comprehension with a condition."""
    return Kept(), (torch.arange(12.0).reshape(4, 3),)


class Kept(torch.nn.Module):
    def forward(self, x):
        kept = [row for row in x if row.sum() > 1]  # expect: TD101 x4
        return torch.stack(kept) if kept else x
