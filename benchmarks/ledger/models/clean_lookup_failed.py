"""Exceptions that have nothing to do with tensors: a key that is missing, a `finally`."""

import torch


class Looks(torch.nn.Module):
    def forward(self, x):
        try:
            factor = {"a": 1}["b"]
        except KeyError:
            factor = 3
        finally:
            x = x + 1
        return x * factor


def build():
    return Looks(), (torch.ones(3),)
