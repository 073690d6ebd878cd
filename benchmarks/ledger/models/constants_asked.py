"""Nothing assumed: questions about tensors that the code itself makes have one answer. Plain export knows none."""

import torch


class Windows(torch.nn.Module):
    def forward(self, x):
        grid = torch.stack(torch.meshgrid(torch.arange(3), torch.arange(3), indexing="ij")).flatten(1)
        offsets = grid[:, :, None] - grid[:, None]
        span = int(offsets.max() - offsets.min()) + 1  # expect: TD102 note
        if (offsets.sum(0) > 0).any():  # expect: TD101 note
            x = x * span
        return x + torch.zeros(span).sum()


def build():
    return Windows(), (torch.ones(3),)
