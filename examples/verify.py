"""The example of docs/verify.md: a program that plain export makes, and that is wrong from the second call on."""

import torch

import torchdraft


class Warmup(torch.nn.Module):
    """Fades in over the first hundred calls."""

    step = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.step += 1
        return x * min(1.0, self.step / 100)


torch.manual_seed(0)
program = torch.export.export(Warmup(), (torch.randn(8, 4),), dynamic_shapes={"x": {0: torch.export.Dim.AUTO}})

print(torchdraft.verify(program, Warmup(), n=10))
