"""An iterative solver that stops early: one assumption, met once per turn (six turns and the one that stops)."""

import torch


class Richardson(torch.nn.Module):
    def forward(self, a, b):
        x = torch.zeros_like(b)
        for _ in range(50):
            residual = b - a @ x
            if residual.norm() < 1e-3:  # expect: TD101 x7
                break
            x = x + 0.5 * residual
        return x


def build():
    return Richardson(), (torch.eye(3) * 1.5, torch.ones(3))
