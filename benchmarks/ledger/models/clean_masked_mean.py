"""Nothing wrong: lengths become a mask instead of a size."""

import torch


class Mean(torch.nn.Module):
    def forward(self, x, lengths):
        mask = torch.arange(x.shape[1])[None] < lengths[:, None]
        total = (x * mask[..., None]).sum(1)
        return total / mask.sum(1, keepdim=True).clamp(min=1)


def build():
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    shapes = {"x": {0: batch, 1: length}, "lengths": {0: batch}}
    return Mean(), (torch.ones(3, 5, 2), torch.tensor([3, 5, 2])), {}, shapes
