"""A C library writes into a tensor's memory."""

import ctypes

import torch


class Copy(torch.nn.Module):
    def forward(self, x):
        y = torch.empty_like(x)
        ctypes.memmove(y.data_ptr(), x.data_ptr(), x.nbytes)  # expect: TD303
        return y + 1


def build():
    return Copy(), (torch.ones(3),)
