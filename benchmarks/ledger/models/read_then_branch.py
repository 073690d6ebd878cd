"""An array from a tensor steers Python: the read is the assumption, what Python does with the array is no other."""

import torch


class Anchors(torch.nn.Module):
    def forward(self, boxes):
        corners = boxes.numpy()  # expect: TD103
        if corners[:, 2].max() > 10 and corners.min() >= 0:
            return boxes / 10
        return boxes


def build():
    return Anchors(), (torch.tensor([[0.0, 1.0, 12.0, 3.0]]),)
