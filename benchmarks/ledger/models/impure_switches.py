"""The environment asked by subscript and by membership, in a function of the file."""

import os

import torch


def fast():
    return "TORCHDRAFT_LEDGER_FAST" in os.environ  # expect: TD404 note


class Switch(torch.nn.Module):
    def forward(self, x):
        home = os.environ["PATH"]  # expect: TD404
        return x * 2 if fast() else x + len(home)


def build():
    return Switch(), (torch.ones(3),)
