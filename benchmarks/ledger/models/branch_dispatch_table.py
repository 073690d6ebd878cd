"""A function chosen from a table by a truth value made of a tensor."""

import torch


class Pick(torch.nn.Module):
    def forward(self, x):
        actions = {True: torch.relu, False: torch.tanh}
        return actions[bool((x > 0).all())](x)  # expect: TD101


def build():
    return Pick(), (torch.tensor([1.0, -1.0]),)
