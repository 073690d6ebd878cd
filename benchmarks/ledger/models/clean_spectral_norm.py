"""Nothing wrong: spectral norm in training moves its vectors in place."""

import torch


def build():
    layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(4, 3))
    return torch.nn.Sequential(layer, torch.nn.Tanh()).train(), (torch.ones(2, 4),)
