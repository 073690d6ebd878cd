"""An operator without a fake kernel between layers of a model with a dynamic batch."""

import torch


@torch.library.custom_op("torchdraft_ledger::blur", mutates_args=())
def blur(x: torch.Tensor, strength: float) -> torch.Tensor:
    return x * (1 - strength) + x.roll(1, -1) * strength


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(4, 4)
        self.second = torch.nn.Linear(4, 2)

    def forward(self, x):
        x = self.first(x)
        x = blur(x, 0.5)  # expect: TD301
        return self.second(x)


def build():
    return Net(), (torch.ones(3, 4),), {}, {"x": {0: torch.export.Dim("batch")}}
