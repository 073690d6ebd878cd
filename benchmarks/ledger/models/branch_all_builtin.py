"""`all` over masks, in a helper of a helper, two modules deep."""

import torch


def usable(masks):
    return all(mask.any() for mask in masks)  # expect: TD101 x2


class Pool(torch.nn.Module):
    def forward(self, x, masks):
        if not usable(masks):
            return x.mean(0)
        return torch.stack([(x * mask[:, None]).sum(0) / mask.sum() for mask in masks]).mean(0)


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = Pool()

    def forward(self, x, left, right):
        return self.pool(x, [left, right])


def build():
    return Encoder(), (torch.ones(2, 3), torch.tensor([True, False]), torch.tensor([True, True]))
