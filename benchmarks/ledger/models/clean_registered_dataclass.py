"""Nothing wrong: a dataclass that its library registered."""

from dataclasses import dataclass

import torch


@dataclass
class Batch:
    left: torch.Tensor
    right: torch.Tensor


torch.export.register_dataclass(Batch, serialized_type_name="torchdraft_ledger.Batch")


class Swap(torch.nn.Module):
    def forward(self, batch):
        return Batch(batch.right * 2, batch.left + 1)


def build():
    return Swap(), (Batch(torch.ones(3), torch.ones(3)),)
