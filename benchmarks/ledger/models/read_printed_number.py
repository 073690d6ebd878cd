"""A number taken with `item` that is only printed: a read too, though no condition asks for it."""

import torch


class Noisy(torch.nn.Module):
    def forward(self, x):
        loss = x.square().mean()
        print(f"loss {loss.item():.3f}")  # expect: TD103 note
        return loss


def build():
    return Noisy(), (torch.ones(3),)
