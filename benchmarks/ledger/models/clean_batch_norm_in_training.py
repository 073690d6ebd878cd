"""Nothing wrong: batch norm moves its buffers in place, which the graph keeps."""

import torch


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(4)

    def forward(self, x):
        return self.norm(self.conv(x)).relu()


def build():
    return Block().train(), (torch.rand(2, 3, 5, 5),), {}, {"x": {0: torch.export.Dim.AUTO}}
