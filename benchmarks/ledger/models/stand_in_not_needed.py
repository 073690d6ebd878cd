"""Weights without data that no question needs."""

import torch

import torchdraft

# expect without a line: TD903


def build():
    with torchdraft.fake_weights():
        model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.GELU(), torch.nn.Linear(8, 2))
    return model, (torch.ones(4, 3),)
