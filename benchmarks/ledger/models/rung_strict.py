"""Strict tracing asked for a model that Dynamo can't follow."""

import zlib

import torch

OPTIONS = {"strict": True}


class Salted(torch.nn.Module):
    def forward(self, x):
        return x * (zlib.crc32(b"scale") % 7 + 1)  # expect: TD902


def build():
    return Salted(), (torch.ones(3),)
