"""A tensor through pickle, as some caches store it."""

import pickle

import torch


class Stored(torch.nn.Module):
    def forward(self, x):
        kept = pickle.loads(pickle.dumps(x * 2))  # expect: TD103
        return kept + 1


def build():
    return Stored(), (torch.ones(3),)
