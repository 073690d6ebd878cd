"""A codebook that replaces dead codes while training: a branch, and buffers written in place, which the graph keeps."""

import torch


class Codebook(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("codes", torch.eye(4))
        self.register_buffer("usage", torch.tensor([5.0, 5.0, 0.1, 5.0]))

    def expire(self, flat):
        dead = self.usage < 1
        if not torch.any(dead):  # expect: TD101
            return
        fresh = flat[torch.arange(4) % flat.shape[0]]
        self.codes.copy_(torch.where(dead[:, None], fresh, self.codes))

    def forward(self, x):
        nearest = torch.cdist(x, self.codes).argmin(-1)
        self.usage.mul_(0.9).add_(torch.bincount(nearest, minlength=4) * 0.1)
        self.expire(x)
        return self.codes[nearest]


def build():
    return Codebook(), (torch.eye(4)[[0, 1, 3]],)
