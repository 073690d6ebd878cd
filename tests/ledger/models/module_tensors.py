"""Tensors, buffers, parameters and hooks of the module that `forward` assigns or registers."""

import torch

from tests.ledger.registry import model


@model
def state_buffer_assigned():
    """A moving average in a buffer that is assigned anew: the graph keeps it."""
    return Average(), (torch.ones(2, 3),)


class Average(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x):
        self.mean = self.mean * 0.9 + x.mean(0) * 0.1  # expect: TD402 note
        return x - self.mean


@model
def state_buffer_filled_once():
    """A buffer that has no tensor until the first call: a table of positions, made anew in every call of the
    program.
    """
    return Slopes(), (torch.ones(2, 3, 3),)


class Slopes(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("slopes", torch.tensor([0.5, 0.25]))
        self.register_buffer("bias", None, persistent=False)

    def forward(self, x):
        if self.bias is None or self.bias.shape[-1] < x.shape[-1]:
            positions = torch.arange(x.shape[-1])
            distance = -(positions[None] - positions[:, None]).abs() * self.slopes[:, None, None]
            self.register_buffer("bias", distance, persistent=False)  # expect: TD402 note
        return x + self.bias


@model
def state_hooks_each_call():
    """A hook more with every call: the second call of the model doubles twice."""
    return Doubles(), (torch.ones(3),)


class Doubles(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act = torch.nn.ReLU()

    def forward(self, x):
        self.act.register_forward_hook(lambda _module, _args, output: output * 2)  # expect: TD402
        return self.act(x)


@model
def state_hooks_once():
    """Hooks set up in the first call, behind a flag: the second call finds them and does the same."""
    return Captures(), (torch.ones(3),)


class Captures(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])
        self.hooked = False

    def forward(self, x):
        seen = []
        if not self.hooked:
            for layer in self.layers:
                layer.register_forward_hook(lambda _module, _args, output: output + 1)  # expect: TD402 note x2
            self.hooked = True  # expect: TD402 note
        for layer in self.layers:
            x = layer(x)
            seen.append(x)
        return torch.stack(seen)


@model
def state_last_output():
    """Differences between this call's input and the last one's."""
    return Delta(), (torch.ones(3),)


class Delta(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.previous = None

    def forward(self, x):
        delta = torch.zeros_like(x) if self.previous is None else x - self.previous
        self.previous = x  # expect: TD402
        return delta


@model
def state_parameter_made():
    """A parameter is made in forward, the first time there is none."""
    return Grows(), (torch.ones(1, 2),)


class Grows(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, x):
        y = self.layer(x)
        self.scale = torch.nn.Parameter(torch.ones(2))  # expect: TD402
        return y * self.scale


@model
def state_registered():
    """A buffer and a layer that forward registers by their names."""
    return Lazy(), (torch.tensor([[1.0, 2.0], [4.0, 3.0]]),)


class Lazy(torch.nn.Module):
    def forward(self, x):
        if "scale" not in self._buffers:
            self.register_buffer("scale", x.abs().amax(0))  # expect: TD402
            self.add_module("act", torch.nn.Tanh())  # expect: TD402
        return self._modules["act"](x / self._buffers["scale"])


@model
def state_tensor():
    """A running total in a plain attribute."""
    return Total(), (torch.ones(3),)


class Total(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.total = torch.zeros(3)

    def forward(self, x):
        self.total = self.total + x  # expect: TD402
        return self.total * 2


@model
def state_weight_fades():
    """A weight that no input is in, and that every call makes smaller."""
    return Fades(), (torch.ones(2, 3),)


class Fades(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.ones(3)

    def forward(self, x):
        self.weight = self.weight * 0.9  # expect: TD402
        return x * self.weight


@model
def state_weight_of_norms():
    """A weight that is worked out of two others in each call, as torch's own norms do it."""
    return Normed(), (torch.ones(2, 3),)


class Normed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.direction = torch.nn.Parameter(torch.rand(3, 3) + 1)
        self.size = torch.nn.Parameter(torch.ones(3, 1))
        self.weight = torch.ones(3, 3)

    def forward(self, x):
        self.weight = self.direction * (self.size / self.direction.norm(dim=1, keepdim=True))  # expect: TD402 note
        return torch.nn.functional.linear(x, self.weight)
