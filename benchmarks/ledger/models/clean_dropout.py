"""Nothing wrong: torch's own random numbers are operations of the graph."""

import torch


class Drop(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = torch.nn.Dropout(0.3)

    def forward(self, x):
        noise = torch.randn_like(x) * 0.1
        keep = torch.rand(x.shape[0], 1) > 0.2
        return self.drop(x + noise) * keep


def build():
    return Drop().train(), (torch.ones(4, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}
