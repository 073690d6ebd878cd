"""A print left over from debugging: it read data and changed nothing."""

import torch


class Noisy(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        print("activations:", y)  # expect: TD103 note
        return y + 1


def build():
    return Noisy(), (torch.ones(3),)
