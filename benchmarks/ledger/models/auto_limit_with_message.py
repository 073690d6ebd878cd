"""A limit of the model checked with an error of its own."""

import torch


class Limited(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.longest = 10
        self.positions = torch.nn.Embedding(10, 4)

    def forward(self, ids):
        if ids.shape[1] > self.longest:  # expect: TD202
            raise ValueError(f"at most {self.longest} tokens, not {ids.shape[1]}")
        return self.positions(torch.arange(ids.shape[1])) + ids[..., None]


def build():
    return Limited(), (torch.ones(2, 5, dtype=torch.int64),), {}, {"ids": {1: torch.export.Dim.AUTO}}
