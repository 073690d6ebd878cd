"""Nothing wrong: operators whose fake kernels say what the real ones do, one with a size that is data."""

import torch


@torch.library.custom_op("torchdraft_ledger::scaled", mutates_args=())
def scaled(x: torch.Tensor, factor: float) -> torch.Tensor:
    return x * factor


@scaled.register_fake
def _(x, factor):
    return torch.empty_like(x)


@torch.library.custom_op("torchdraft_ledger::found", mutates_args=())
def found(x: torch.Tensor) -> torch.Tensor:
    return (x > 0).nonzero()[:, 0]


@found.register_fake
def _(x):
    return x.new_empty(torch.library.get_ctx().new_dynamic_size(), dtype=torch.int64)


class Net(torch.nn.Module):
    def forward(self, x):
        return scaled(x, 2.0), found(x)


def build():
    return Net(), (torch.tensor([1.0, -1.0, 2.0]),), {}, {"x": {0: torch.export.Dim.AUTO}}
