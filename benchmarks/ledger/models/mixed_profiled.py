"""Layers timed and logged by a decorator of the model's file."""

import functools
import time

import torch

TIMES = []


def timed(method):
    @functools.wraps(method)
    def measured(self, *args):
        started = time.perf_counter()  # expect: TD404 note
        result = method(self, *args)
        TIMES.append(time.perf_counter() - started)  # expect: TD403, TD404 note
        return result

    return measured


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    @timed
    def forward(self, x):
        return self.linear(x).relu()


def build():
    return Layer(), (torch.ones(2, 3),)
