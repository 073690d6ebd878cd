"""A fake kernel that forgets that the second result counts."""

import torch


@torch.library.custom_op("torchdraft_ledger::peaks", mutates_args=())
def peaks(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    values, places = x.max(-1)
    return values, places


@peaks.register_fake
def _(x):
    return x.new_empty(x.shape[:-1]), x.new_empty(x.shape[:-1])


class Net(torch.nn.Module):
    def forward(self, x):
        values, places = peaks(x)  # expect: TD302
        return values, places + 1


def build():
    return Net(), (torch.arange(6.0).view(2, 3),)
