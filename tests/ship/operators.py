"""Models with custom operators."""

from __future__ import annotations

import torch


@torch.library.custom_op("td_shipped::halved", mutates_args=())
def halved(x: torch.Tensor) -> torch.Tensor:
    return x[::2].clone()


@halved.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return x.new_empty((x.shape[0] // 2, *x.shape[1:]))  # right for even sizes


@torch.library.custom_op("td_shipped::doubled", mutates_args=())
def doubled(x: torch.Tensor) -> torch.Tensor:
    return x * 2


@doubled.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


class Lying(torch.nn.Module):
    """Its operator is called through `torchdraft::call`, because its fake kernel is wrong on the example."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return halved(x) + 1


class Doubled(torch.nn.Module):
    """Calls a custom operator."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return doubled(x) + 1
