"""Notes how long the input was and that it is set up: written before anybody reads it, so the next call is the same."""

import torch


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


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.structure = Structure()
        self.ready = False

    def forward(self, x):
        if not self.ready:
            self.ready = True  # expect: TD402 note
        return self.structure(x)


def build():
    return Net(), (torch.ones(2, 6),)
