"""Work that stops when its time is up: the clock decides, although the example never waited so long."""

import time

import torch


class Refines(torch.nn.Module):
    def forward(self, x):
        end = time.monotonic() + 60  # expect: TD404
        for _ in range(3):
            x = x - 0.1 * x.cos()
            if time.monotonic() > end:  # expect: TD404
                break
        return x


def build():
    return Refines(), (torch.ones(3),)
