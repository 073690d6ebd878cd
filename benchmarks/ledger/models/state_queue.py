"""The last frames in a deque."""

from collections import deque

import torch


class Smooth(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.frames = deque([torch.zeros(3)], maxlen=4)

    def forward(self, frame):
        self.frames.append(frame)  # expect: TD402
        return sum(self.frames) / len(self.frames)


def build():
    return Smooth(), (torch.ones(3),)
