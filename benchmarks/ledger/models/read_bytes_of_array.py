"""A checksum over the bytes of a tensor."""

import zlib

import torch


class Salted(torch.nn.Module):
    def forward(self, ids):
        salt = zlib.crc32(ids.numpy().tobytes()) % 7  # expect: TD103
        return ids * 2 + salt


def build():
    return Salted(), (torch.tensor([3, 1, 2]),)
