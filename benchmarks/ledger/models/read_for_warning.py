"""A message built first and logged later: the text is used, as far as anybody can tell."""

import logging

import torch

LOG = logging.getLogger("torchdraft_ledger.later")
LOG.addHandler(logging.NullHandler())
LOG.propagate = False


class Later(torch.nn.Module):
    def forward(self, x):
        message = f"range {x.min()} to {x.max()}"  # expect: TD103, TD103
        if len(message) > 1000:
            LOG.info(message)
        return x * 2


def build():
    return Later(), (torch.ones(3),)
