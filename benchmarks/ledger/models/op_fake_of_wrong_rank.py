"""The fake kernel keeps a dimension that the real one drops."""

import torch


@torch.library.custom_op("torchdraft_ledger::pool", mutates_args=())
def pool(x: torch.Tensor) -> torch.Tensor:
    return x.amax(1)


@pool.register_fake
def _(x):
    return x.new_empty(x.shape[0], 1, x.shape[2])


class Net(torch.nn.Module):
    def forward(self, x):
        return pool(x) * 2  # expect: TD302


def build():
    return Net(), (torch.ones(2, 3, 4),)
