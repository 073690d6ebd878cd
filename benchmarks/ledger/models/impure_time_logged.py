"""A clock for the log, a UUID for a name: neither gets into the program. A third one does."""

import logging
import time
import uuid

import torch

LOG = logging.getLogger(__name__)


class Logs(torch.nn.Module):
    def forward(self, x):
        started = time.perf_counter()  # expect: TD404 note
        parts = {f"part-{uuid.uuid4()}": part for part in x.chunk(2)}  # expect: TD404 note
        y = torch.cat([part * 2 for part in parts.values()])
        LOG.debug("%s parts in %s seconds", len(parts), time.perf_counter() - started)  # expect: TD404 note
        return y


def build():
    return Logs(), (torch.ones(4),)
