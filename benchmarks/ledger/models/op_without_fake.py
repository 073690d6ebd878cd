"""A custom operator nobody wrote a fake kernel for."""

import torch


@torch.library.custom_op("torchdraft_ledger::smooth", mutates_args=())
def smooth(x: torch.Tensor) -> torch.Tensor:
    return x.cumsum(-1) / 2


class Net(torch.nn.Module):
    def forward(self, x):
        return smooth(x * 2) + 1  # expect: TD301


def build():
    return Net(), (torch.ones(2, 3),)
