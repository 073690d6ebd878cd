"""Nothing wrong: a number out of data as a size, with what it promises stated."""

import torch


class Prefix(torch.nn.Module):
    def forward(self, x, count):
        count = count.item()
        torch._check(count >= 0)
        torch._check(count <= x.shape[0])
        return x[:count] * 2, x.new_zeros(count)


def build():
    return Prefix(), (torch.ones(5), torch.tensor(3))
