"""A hook more with every call: the second call of the model doubles twice."""

import torch


class Doubles(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act = torch.nn.ReLU()

    def forward(self, x):
        self.act.register_forward_hook(lambda _module, _args, output: output * 2)  # expect: TD402
        return self.act(x)


def build():
    return Doubles(), (torch.ones(3),)
