"""A text made of a tensor decides: its length is used."""

import torch


class Hash(torch.nn.Module):
    def forward(self, x):
        tag = f"{x}"  # expect: TD103
        return x * len(tag)


def build():
    return Hash(), (torch.tensor([1.0, 2.0]),)
