"""A size named in an assertion, of a tensor in a list in a dictionary."""

import torch


class Merge(torch.nn.Module):
    def forward(self, batch):
        left, right = batch["parts"]
        assert left.shape[0] == 7  # expect: TD204
        return left.sum(0) + right.sum(0)


def build():
    auto = torch.export.Dim.AUTO
    batch = {"parts": [torch.ones(7, 2), torch.ones(4, 2)]}
    return Merge(), (batch,), {}, {"batch": {"parts": [{0: auto}, {0: auto}]}}
