"""Plain attributes and containers of the module that `forward` changes."""

from collections import deque

import torch

from tests.ledger.registry import model


@model
def state_by_function():
    """The attribute is set from a function outside of the class, with `setattr`."""
    return Tracked(), (torch.ones(3),)


def remember(module, name, value):
    setattr(module, name, value)  # expect: TD402
    return value


class Tracked(torch.nn.Module):
    def forward(self, x):
        return remember(self, "last_input", x * 1) + 1


@model
def state_child_attribute():
    """Attributes of a child, set to the same in every call."""
    return Parent(), (torch.ones(3),)


class Parent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)

    def forward(self, x):
        self.layer.scale = 3  # expect: TD402 note
        return self.layer(x) * self.layer.scale


@model
def state_cold_start():
    """A flag that says the first batch was seen: the next call goes another way."""
    return Normalize(), (torch.tensor([[1.0, 2.0, 4.0], [2.0, 1.0, 3.0]]),)


class Normalize(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = False
        self.register_buffer("scale", torch.ones(3))

    def forward(self, x):
        if not self.seen:
            self.scale.copy_(x.abs().amax(0))
            self.seen = True  # expect: TD402
        return x / self.scale


@model
def state_counter():
    """Counts its calls in a Python number."""
    return Warmup(), (torch.ones(3),)


class Warmup(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1  # expect: TD402
        return x * min(1.0, self.calls / 10)


@model
def state_dict_cache():
    """A table computed in the first call and kept by its size: every call of the program makes it anew."""
    return Rotary(), (torch.ones(2, 5),)


class Rotary(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = {}

    def table(self, length):
        if length not in self.tables:
            self.tables[length] = torch.arange(length).float().cos()  # expect: TD402 note
        return self.tables[length]

    def forward(self, x):
        return x * self.table(x.shape[1])


@model
def state_dict_entry():
    """A counter in a dictionary that the model keeps."""
    return Logged(), (torch.ones(3),)


class Logged(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stats = {"calls": 0}

    def forward(self, x):
        self.stats["calls"] += 1  # expect: TD402
        return x * 2


@model
def state_in_layers():
    """Each layer of a stack leaves a statistic: one issue with a count."""
    return torch.nn.Sequential(*(Layer() for _ in range(3))), (torch.ones(2, 3),)


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)
        self.load = None

    def forward(self, x):
        x = self.linear(x)
        self.load = x.mean()  # expect: TD402 x3
        return x


@model
def state_in_submodule():
    """The attention map is left on the layer that made it, for plots."""
    return Net(), (torch.ones(1, 3, 2),)


class Attention(torch.nn.Module):
    def forward(self, x):
        weights = torch.softmax(x @ x.transpose(1, 2), -1)
        self.last = weights.detach()  # expect: TD402
        return weights @ x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()

    def forward(self, x):
        return self.attention(x) + x


@model
def state_list():
    """Collects intermediate outputs in a list of its own."""
    return Probe(), (torch.ones(2, 3),)


class Probe(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)
        self.seen = []

    def forward(self, x):
        x = self.linear(x)
        self.seen.append(x)  # expect: TD402
        return x.relu()


@model
def state_nested():
    """A count in a list in a dictionary, and a cache in a list of dictionaries."""
    return Counting(), (torch.ones(3),)


class Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stats = {"calls": [0]}
        self.caches = [{"keys": None}, {"keys": None}]

    def forward(self, x):
        self.stats["calls"][0] += 1  # expect: TD402
        self.caches[1]["keys"] = x * 2  # expect: TD402
        return x * self.stats["calls"][0]


@model
def state_of_child():
    """The parent sets an attribute of a layer before it calls it, the same in every call."""
    return CountsOfChild(), (torch.ones(3),)


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = 1.0

    def forward(self, x):
        return x * self.factor


class CountsOfChild(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scaled = Scaled()

    def forward(self, x):
        self.scaled.factor = 3.0  # expect: TD402 note
        return self.scaled(x)


@model
def state_queue():
    """The last frames in a deque."""
    return Smooth(), (torch.ones(3),)


class Smooth(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.frames = deque([torch.zeros(3)], maxlen=4)

    def forward(self, frame):
        self.frames.append(frame)  # expect: TD402
        return sum(self.frames) / len(self.frames)


@model
def state_second_branch():
    """Two lines can assign the attribute; the one that ran is told."""
    return Momentum(), (torch.ones(3),)


class Momentum(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.velocity = torch.zeros(3)

    def forward(self, x):
        if self.velocity is None:
            self.velocity = x
        else:
            self.velocity = 0.9 * self.velocity + x  # expect: TD402
        return x - self.velocity


@model
def state_set_anew():
    """Notes how long the input was and that it is set up: written before anybody reads it, so the next call is the
    same.
    """
    return SetAnew(), (torch.ones(2, 6),)


class Structure(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.length = None
        self.pooled = 1

    def begin(self, x):
        self.length = x.shape[1]  # expect: TD402 note
        self.pooled = 1

    def pool(self, x):
        self.pooled *= 2  # expect: TD402 note
        return x[:, ::2]

    def forward(self, x):
        self.begin(x)
        x = self.pool(x)
        return x * (self.length // self.pooled)


class SetAnew(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.structure = Structure()
        self.ready = False

    def forward(self, x):
        if not self.ready:
            self.ready = True  # expect: TD402 note
        return self.structure(x)


@model
def state_two_on_one_line():
    """Keeps the hidden state of a cell: two attributes assigned on one line."""
    return Streaming(), (torch.ones(2, 3),)


class Streaming(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = torch.nn.LSTMCell(3, 4)
        self.hidden = torch.zeros(2, 4)
        self.memory = torch.zeros(2, 4)

    def forward(self, x):
        self.hidden, self.memory = self.cell(x, (self.hidden, self.memory))  # expect: TD402, TD402
        return self.hidden
