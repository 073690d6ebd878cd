"""A small speech encoder with assumptions of several kinds: `python examples/speech.py` writes its report's page."""

from __future__ import annotations

import random
import sys

import torch

import torchdraft


@torch.library.custom_op("speech::drop_silence", mutates_args=())
def drop_silence(x: torch.Tensor, threshold: float) -> torch.Tensor:
    """Keeps the steps that are louder than the threshold. It has no fake kernel."""
    return x[x.abs().mean(-1) > threshold]


class Block(torch.nn.Module):
    """Self-attention and an MLP, with a clamp that keeps half precision finite."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attend = torch.nn.MultiheadAttention(width, 4, batch_first=True)
        self.norm = torch.nn.LayerNorm(width)
        self.mlp = torch.nn.Sequential(
            torch.nn.Linear(width, 2 * width), torch.nn.GELU(), torch.nn.Linear(2 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attend(x, x, x, need_weights=False)[0]
        x = x + self.mlp(self.norm(x))
        if x.isinf().any() or x.isnan().any():
            x = x.clamp(
                min=torch.finfo(x.dtype).min / 2,
                max=torch.finfo(x.dtype).max / 2,
            )
        return x


class Encoder(torch.nn.Module):
    """Blocks, one of which can be skipped at random."""

    def __init__(self, width: int = 32, depth: int = 3, drop: float = 0.1) -> None:
        super().__init__()
        self.blocks = torch.nn.ModuleList([Block(width) for _ in range(depth)])
        self.drop = drop

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            if random.random() >= self.drop:
                x = block(x)
        return x


class Recogniser(torch.nn.Module):
    """Features to log probabilities of the loud steps of the first recording."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.head = torch.nn.Linear(32, 40)
        self.calls = 0

    def forward(self, features: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        longest = int(lengths.max())
        x = self.encoder(features[:, :longest])
        if lengths.float().std() > 8:
            x = torch.nn.functional.layer_norm(x, (32,))
        loud = drop_silence(x[0], 0.2)
        return self.head(loud).log_softmax(-1)


def build() -> tuple[torch.nn.Module, tuple[torch.Tensor, ...], dict[str, object], dict[str, object]]:
    """The target of the command line: `torchdraft export examples/speech.py:build --html page.html`."""
    torch.manual_seed(0)
    random.seed(1)
    args = (torch.randn(2, 50, 32), torch.tensor([50, 38]))
    batch, steps = torch.export.Dim("batch"), torch.export.Dim("steps", min=8, max=4000)
    return Recogniser().eval(), args, {}, {"features": {0: batch, 1: steps}, "lengths": {0: batch}}


if __name__ == "__main__":
    model, args, kwargs, dynamic_shapes = build()
    program = torchdraft.draft_export(model, args, kwargs, dynamic_shapes=dynamic_shapes)
    path = sys.argv[1] if len(sys.argv) > 1 else "speech.html"
    program._report.to_html(path)
    print(program._report.summary())
    print(f"wrote {path}")
