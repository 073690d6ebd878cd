"""The README's example."""

import torch

import torchdraft


class Pool(torch.nn.Module):
    """Mean over the valid steps, scaled when the batch is loud."""

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if x.abs().max() > 1:
            x = x / x.abs().max()
        steps = int(lengths.max())
        return x[:, :steps].mean(1)


args = (torch.full((2, 6), 3.0), torch.tensor([3, 5]))
batch = torch.export.Dim.DYNAMIC
program = torchdraft.draft_export(Pool(), args, dynamic_shapes={"x": {0: batch}, "lengths": {0: batch}})

print(program._report)
print(program.module()(torch.full((7, 6), 2.0), torch.tensor([5, 1, 1, 1, 1, 1, 1])).shape)
