"""A list in the closure of a method, made by a factory of classes."""

import torch


def recording():
    kept = []

    class Recorder(torch.nn.Module):
        def forward(self, x):
            kept.append(x * 2)  # expect: TD403
            return kept[-1] + 1

    return Recorder


def build():
    return recording()(), (torch.ones(3),)
