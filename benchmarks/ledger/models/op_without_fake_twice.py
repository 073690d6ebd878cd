"""The same operator on two lines."""

import torch


@torch.library.custom_op("torchdraft_ledger::sharpen", mutates_args=())
def sharpen(x: torch.Tensor) -> torch.Tensor:
    return x * x.abs()


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        x = sharpen(x)  # expect: TD301
        x = self.linear(x)
        return sharpen(x)  # expect: TD301


def build():
    return Net(), (torch.ones(2, 3),)
