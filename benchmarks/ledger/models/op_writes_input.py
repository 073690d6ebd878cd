"""A custom operator that writes to the model's input, as it declares."""

import torch


@torch.library.custom_op("torchdraft_ledger::halve_", mutates_args=("x",))
def halve_(x: torch.Tensor) -> None:
    x.mul_(0.5)


class Net(torch.nn.Module):
    def forward(self, x):
        halve_(x)  # expect: TD401
        return x + 1


def build():
    return Net(), (torch.ones(3),)
