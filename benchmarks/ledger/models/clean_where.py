"""Nothing wrong: both sides of every choice are in the graph."""

import torch


class Huber(torch.nn.Module):
    def forward(self, prediction, target):
        error = (prediction - target).abs()
        loss = torch.where(error < 1, 0.5 * error**2, error - 0.5)
        return torch.where(loss.sum() > 10, loss.clamp(max=10), loss).mean()


def build():
    auto = torch.export.Dim("batch")
    return Huber(), (torch.ones(3), torch.zeros(3)), {}, {"prediction": {0: auto}, "target": {0: auto}}
