"""A log line formats a tensor deep inside the logging package; the line of interest is the model's."""

import io
import logging

import torch

LOG = logging.getLogger("torchdraft_ledger")
LOG.addHandler(logging.StreamHandler(io.StringIO()))
LOG.propagate = False


class Watched(torch.nn.Module):
    def forward(self, x):
        peak = x.abs().max()
        LOG.warning("peak %s", peak)  # expect: TD103 note
        return x / peak


def build():
    return Watched(), (torch.tensor([1.0, -2.0]),)
