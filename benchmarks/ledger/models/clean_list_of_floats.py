"""Nothing wrong: floats as a Python list, summed in Python; the graph carries each as a symbol."""

import torch


class Weights(torch.nn.Module):
    def forward(self, x, weights):
        total = sum(weights.tolist())
        return x * weights / total


def build():
    return Weights(), (torch.ones(3), torch.tensor([0.2, 0.3, 0.1]))
