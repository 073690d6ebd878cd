"""The fake kernel says that nothing is cut off; the shapes that follow are wrong with it."""

import torch


@torch.library.custom_op("torchdraft_ledger::valid", mutates_args=())
def valid(x: torch.Tensor, width: int) -> torch.Tensor:
    return x.unfold(-1, width, 1).mean(-1)


@valid.register_fake
def _(x, width):
    return torch.empty_like(x)


class Net(torch.nn.Module):
    def forward(self, x):
        x = valid(x, 3)  # expect: TD302
        return x.flatten()


def build():
    return Net(), (torch.ones(2, 6),)
