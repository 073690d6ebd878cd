"""The example of docs/continuous-integration.md."""

import torch


class Pool(torch.nn.Module):
    """Mean over the valid steps, scaled when the batch is loud."""

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if x.abs().max() > 1:
            x = x / x.abs().max()
        steps = range(int(lengths.max()))  # torchdraft: ignore[TD102] every deployment has one length
        return torch.stack([x[:, step] for step in steps]).mean(0)


class Scale(torch.nn.Module):
    """Doubles a scratch buffer in place."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mul_(2)


def pool():
    return Pool(), (torch.full((2, 6), 3.0), torch.tensor([3, 5]))


def scale():
    return Scale(), (torch.ones(3),)
