"""The branch stands in a function defined inside forward, which two calls on one line reach.

Two places of the model ask, so it is told twice, each with its own stack.
"""

import torch


class Smooth(torch.nn.Module):
    def forward(self, x, strength):
        def step(y):
            if strength > 0.5:  # expect: TD101, TD101
                return y.roll(1, -1) * 0.5 + y * 0.5
            return y

        return step(x) + step(x * 2)


def build():
    return Smooth(), (torch.arange(8.0).view(2, 4), torch.tensor(0.9))
