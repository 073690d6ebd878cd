"""`torch.equal` and `allclose` as conditions: a comparison used as a truth value, which the graph can compute.

The page of TD103 names `torch.equal` too; a user thinks of the branch, and nothing but the truth value is read.
"""

import torch


class Kernel(torch.nn.Module):
    def forward(self, left, right):
        if torch.equal(left, right):  # expect: TD101
            return left @ left.T
        if left.allclose(right, atol=10.0):  # expect: TD101
            return left @ right.T
        return left @ right.T * 2


def build():
    return Kernel(), (torch.ones(2, 3), torch.zeros(2, 3))
