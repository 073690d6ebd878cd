"""A cache of keys and values as an unregistered class, in and out, extended by the model."""

import torch


class Cache:
    def __init__(self, keys, values):
        self.keys = keys
        self.values = values

    def extended(self, keys, values):
        return Cache(torch.cat([self.keys, keys], 1), torch.cat([self.values, values], 1))


class Attention(torch.nn.Module):
    def forward(self, x, cache):  # expect: TD501
        cache = cache.extended(x, x * 2)
        weights = torch.softmax(x @ cache.keys.transpose(1, 2), -1)
        return weights @ cache.values, cache


def build():
    return Attention(), (torch.ones(1, 1, 4), Cache(torch.ones(1, 3, 4), torch.ones(1, 3, 4)))
