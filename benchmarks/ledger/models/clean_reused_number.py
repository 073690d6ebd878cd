"""Nothing wrong: a number out of data as a factor, an offset and an exponent."""

import torch


class Scale(torch.nn.Module):
    def forward(self, x, step):
        step = step.item()
        rate = 0.1 * 0.5 ** (step / 10)
        return x * rate + step


def build():
    return Scale(), (torch.ones(3), torch.tensor(4))
