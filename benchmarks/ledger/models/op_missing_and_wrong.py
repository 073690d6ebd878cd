"""One operator without a fake kernel and one with a wrong one, on one line."""

import torch


@torch.library.custom_op("torchdraft_ledger::encode", mutates_args=())
def encode(x: torch.Tensor) -> torch.Tensor:
    return x * 2


@torch.library.custom_op("torchdraft_ledger::decode", mutates_args=())
def decode(x: torch.Tensor) -> torch.Tensor:
    return x.to(torch.int64)


@decode.register_fake
def _(x):
    return torch.empty_like(x, dtype=torch.int32)


class Codec(torch.nn.Module):
    def forward(self, x):
        return decode(encode(x))  # expect: TD301, TD302


def build():
    return Codec(), (torch.ones(3),)
