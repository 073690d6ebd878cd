"""Settings read from the environment in forward: two that are not set, one that is."""

import os

import torch


class Switch(torch.nn.Module):
    def forward(self, x):
        if os.environ.get("TORCHDRAFT_LEDGER_FAST"):  # expect: TD404 note
            return x.half().float()
        scale = float(os.getenv("TORCHDRAFT_LEDGER_SCALE", "2"))  # expect: TD404 note
        return x * scale + len(os.environ.get("PATH", ""))  # expect: TD404


def build():
    return Switch(), (torch.ones(3),)
