"""The fake kernel forgot that the real one widens."""

import torch


@torch.library.custom_op("torchdraft_ledger::widen", mutates_args=())
def widen(x: torch.Tensor) -> torch.Tensor:
    return x.double()


@widen.register_fake
def _(x):
    return torch.empty_like(x)


class Net(torch.nn.Module):
    def forward(self, x):
        return widen(x) + 1  # expect: TD302


def build():
    return Net(), (torch.ones(3),)
