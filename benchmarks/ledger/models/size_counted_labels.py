"""Labels counted in a dictionary: each is hashed."""

from collections import Counter

import torch


class Balance(torch.nn.Module):
    def forward(self, losses, labels):
        counts = Counter(labels.tolist())  # expect: TD102 x4
        return losses.sum() / len(counts)


def build():
    return Balance(), (torch.ones(4), torch.tensor([0, 1, 1, 2]))
