"""A memoized function that makes a tensor: the next call outside would get one of the trace."""

import functools

import torch


@functools.cache
def causal(length):
    return torch.ones(length, length).tril()


class Attend(torch.nn.Module):
    def forward(self, x):
        return x * causal(x.shape[1])  # expect: TD403 note


def build():
    return Attend(), (torch.ones(3, 3),)
