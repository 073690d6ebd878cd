"""Nothing wrong: tables made in `__init__` as buffers, lists and numbers, only read in forward."""

import torch


class Tables(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("angles", torch.arange(16.0))
        self.factors = [1.0, 0.5]
        self.plain = torch.tensor([2.0, 3.0, 4.0])

    def forward(self, x):
        angles = self.angles[: x.shape[1]]
        for factor in self.factors:
            x = x * torch.cos(angles * factor)
        return x[:, :3] * self.plain


def build():
    return Tables(), (torch.ones(2, 5),), {}, {"x": {0: torch.export.Dim("batch")}}
