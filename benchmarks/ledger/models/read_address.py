"""Tells tensors apart by their addresses, as code that shares memory does."""

import torch


class Shared(torch.nn.Module):
    def forward(self, query, key):
        same = query.data_ptr() == key.data_ptr()  # expect: TD103 baked, TD103 baked
        return query * 2 if same else query @ key.T


def build():
    return Shared(), (torch.ones(2, 3), torch.ones(2, 3))
