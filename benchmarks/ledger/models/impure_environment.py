"""Settings read from the environment in forward."""

import os

import torch


class Switch(torch.nn.Module):
    def forward(self, x):
        if os.environ.get("TORCHDRAFT_LEDGER_FAST"):  # expect: TD404
            return x.half().float()
        scale = float(os.getenv("TORCHDRAFT_LEDGER_SCALE", "2"))  # expect: TD404
        return x * scale


def build():
    return Switch(), (torch.ones(3),)
