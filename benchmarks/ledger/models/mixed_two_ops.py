"""An operator without a fake kernel in a loop, its count from a tensor, and one that gives a number back."""

import torch


@torch.library.custom_op("torchdraft_ledger::settle", mutates_args=())
def settle(x: torch.Tensor) -> torch.Tensor:
    return x / 2


@torch.library.custom_op("torchdraft_ledger::depth_of", mutates_args=())
def depth_of(x: torch.Tensor) -> int:
    return int(x.abs().max().item())


class Settled(torch.nn.Module):
    def forward(self, x):
        for _ in range(depth_of(x)):  # expect: TD102, TD301
            x = settle(x)  # expect: TD301 x3
        return x


def build():
    return Settled(), (torch.tensor([3.5, 1.0]),)
