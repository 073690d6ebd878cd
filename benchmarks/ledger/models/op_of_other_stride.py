"""A fake kernel that is right but for the layout of what comes out."""

import torch


@torch.library.custom_op("torchdraft_ledger::swapped", mutates_args=())
def swapped(x: torch.Tensor) -> torch.Tensor:
    return (x * 1).t()


@swapped.register_fake
def _(x):
    return x.new_empty(x.shape[1], x.shape[0])


class Net(torch.nn.Module):
    def forward(self, x):
        return swapped(x) @ x  # expect: TD302


def build():
    return Net(), (torch.ones(2, 3),)
