"""An operator without a fake kernel whose output size is data, and a branch on that size."""

import torch


@torch.library.custom_op("torchdraft_ledger::keep", mutates_args=())
def keep(scores: torch.Tensor) -> torch.Tensor:
    return (scores > 0.5).nonzero()[:, 0]


class Detector(torch.nn.Module):
    def forward(self, boxes, scores):
        kept = keep(scores)  # expect: TD301
        if kept.shape[0] == 0:  # expect: TD101
            return boxes[:1] * 0
        return boxes[kept]


def build():
    return Detector(), (torch.ones(3, 4), torch.tensor([0.9, 0.1, 0.8]))
