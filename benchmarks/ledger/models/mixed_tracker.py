"""A tracker as it grows in practice: a cold start by a flag, a gate on data, a print, a table by size."""

import torch


class Tracker(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.started = False
        self.register_buffer("mean", torch.zeros(2))
        self.tables = {}

    def weights(self, count):
        if count not in self.tables:
            self.tables[count] = torch.linspace(0, 1, count)  # expect: TD402 note
        return self.tables[count]

    def forward(self, points):
        if not self.started:
            self.mean.copy_(points.mean(0))
            self.started = True  # expect: TD402
        far = (points - self.mean).norm(dim=1) > 3
        if far.any():  # expect: TD101
            points = points[~far]
        print("kept", points.shape[0])  # expect: TD103 note
        return (points * self.weights(4)[0]).sum(0)


def build():
    return Tracker(), (torch.tensor([[0.0, 0.0], [1.0, 1.0], [30.0, 1.0]]),)
