"""`contextlib.suppress` around an attempt."""

import contextlib

import torch


class Shapes(torch.nn.Module):
    def forward(self, x):
        with contextlib.suppress(RuntimeError):
            x = x.view(3, 3)  # expect: TD601
        return x.flatten()


def build():
    return Shapes(), (torch.ones(2, 2),)
