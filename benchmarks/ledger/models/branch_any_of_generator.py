"""`any` over a generator of tensors asks each until one is true: here the third."""

import torch


class Alarm(torch.nn.Module):
    def forward(self, signals):
        if any(signal.max() > 0.9 for signal in signals.unbind(0)):  # expect: TD101 x3
            return signals.clamp(max=0.9)
        return signals


def build():
    return Alarm(), (torch.tensor([[0.1, 0.2], [0.3, 0.4], [1.0, 0.0], [1.0, 0.0]]),)
