"""Assigns a global."""

import torch

LAST = None


class Recorder(torch.nn.Module):
    def forward(self, x):
        global LAST
        y = x.tanh()
        LAST = y  # expect: TD403
        return y


def build():
    return Recorder(), (torch.ones(3),)
