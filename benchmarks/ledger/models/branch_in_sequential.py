"""A check inside one of the layers of a Sequential; the framework's frames between are folded away."""

import torch


class Finite(torch.nn.Module):
    def forward(self, x):
        assert x.isfinite().all(), "the activations overflowed"  # expect: TD101
        return x


def build():
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), Finite(), torch.nn.ReLU())
    return model, (torch.ones(2, 3),)
