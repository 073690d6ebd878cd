"""A part of the computation runs in a thread, which no tracer follows: its outcome is frozen, and the run recorded."""

from concurrent.futures import ThreadPoolExecutor

import torch


class Side(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        with ThreadPoolExecutor(1) as pool:
            side = pool.submit(torch.tanh, x * 2).result()  # expect: TD303, TD901
        return self.linear(x) + side


def build():
    return Side(), (torch.ones(2, 3),)
