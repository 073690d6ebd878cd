"""Nothing wrong: shapes and dtypes are no data, printed or not."""

import logging

import torch


class Traced(torch.nn.Module):
    def forward(self, x):
        print("shape", x.shape, x.dtype, f"{x.shape[0]} rows")
        logging.getLogger("torchdraft_ledger.off").debug("values %s", x)
        return x * 2


def build():
    return Traced(), (torch.ones(2, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}
