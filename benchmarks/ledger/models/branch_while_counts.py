"""A `while` that counts up to a number in the input: one question, asked four times."""

import torch


class Power(torch.nn.Module):
    def forward(self, x, steps):
        steps = steps.item()
        step = 0
        while step < steps:  # expect: TD101 x4
            x = x @ x
            step += 1
        return x


def build():
    return Power(), (torch.eye(2), torch.tensor(3))
