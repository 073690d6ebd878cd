"""Nothing wrong: no_grad, autocast and checkpointing."""

import torch
from torch.utils.checkpoint import checkpoint


class Mixed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(3, 3)
        self.second = torch.nn.Linear(3, 3)

    def forward(self, x):
        with torch.no_grad():
            x = x / 2
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = self.first(x)
        return checkpoint(self.second, x.float(), use_reentrant=False)


def build():
    return Mixed(), (torch.ones(2, 3),)
