"""`bool` makes a truth value of a tensor; what is done with it later asks nothing more."""

import torch


class Mode(torch.nn.Module):
    def forward(self, x, training):
        training = bool(training)  # expect: TD101
        noise = torch.zeros_like(x) if training else x * 0.1
        if training:
            return x + noise
        return x - noise


def build():
    return Mode(), (torch.ones(3), torch.tensor(False))
