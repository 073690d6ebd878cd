"""Drafts a Llama of 70 billion parameters without data, in its own process.

`python -m benchmarks.speed.giant` prints one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..isolate import peak_bytes

SECONDS = 20.0
BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a Llama. The defaults are those of the model with 70 billion parameters."""

    vocabulary: int = 128256
    width: int = 8192
    hidden: int = 28672
    layers: int = 80
    heads: int = 64
    groups: int = 8

    @property
    def head(self) -> int:
        """The width of one head."""
        return self.width // self.heads


class Norm(nn.Module):
    """Root mean square normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Scales each vector to unit length, then by the weight."""
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Rotary position embedding."""
    left, right = x.chunk(2, -1)
    return x * angles.cos() + torch.cat([-right, left], -1) * angles.sin()


class Block(nn.Module):
    """A decoder layer with grouped queries and a gated feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        small = shape.groups * shape.head
        self.query, self.out = nn.Linear(shape.width, shape.width, False), nn.Linear(shape.width, shape.width, False)
        self.key, self.value = nn.Linear(shape.width, small, False), nn.Linear(shape.width, small, False)
        self.gate, self.up = nn.Linear(shape.width, shape.hidden, False), nn.Linear(shape.width, shape.hidden, False)
        self.down = nn.Linear(shape.hidden, shape.width, False)
        self.first, self.second = Norm(shape.width), Norm(shape.width)

    def forward(self, x: Tensor, angles: Tensor) -> Tensor:
        """Attention and feed-forward, both residual."""
        batch, length, _ = x.shape
        normed = self.first(x)
        query, key, value = (
            layer(normed).view(batch, length, -1, self.shape.head).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        query, key = rotate(query, angles), rotate(key, angles)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, -1))
        normed = self.second(x)
        return x + self.down(F.silu(self.gate(normed)) * self.up(normed))


class Llama(nn.Module):
    """The whole model, from token ids to logits."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm, self.head = Norm(shape.width), nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.width = shape.head

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of the next token."""
        x = self.embedding(tokens)
        frequencies = 500000.0 ** (-torch.arange(0, self.width, 2) / self.width)
        angles = torch.outer(torch.arange(tokens.shape[1]).float(), frequencies).repeat(1, 2)
        for block in self.blocks:
            x = block(x, angles)
        return self.head(self.norm(x))


def draft(shape: Shape) -> dict[str, float | int | str]:
    """Builds and drafts the model. Returns the measurements of the process."""
    import torchdraft

    if not hasattr(torchdraft, "fake_weights"):
        return {"error": "torchdraft.fake_weights is not there"}
    draft_export = torchdraft.draft_export  # imports what it needs, before the time is measured
    started = time.perf_counter()
    with torchdraft.fake_weights():
        model = Llama(shape).eval()
    built = time.perf_counter()
    tokens = torch.zeros(1, 512, dtype=torch.int64)
    program = draft_export(model, (tokens,), dynamic_shapes={"tokens": {1: torch.export.Dim.AUTO}})
    return {
        "build": built - started,
        "draft": time.perf_counter() - built,
        "peak": peak_bytes(),  # `getrusage` would include the memory of the parent process
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "nodes": len(program.graph.nodes),
        "rung": str(program._report.rung),
    }


def run(timeout: float) -> str:
    """The measurements of a new process as a line of text."""
    command = [sys.executable, "-m", "benchmarks.speed.giant"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return f"  missed: no program within {timeout:g} s"
    if done.returncode != 0:
        return f"  missed: {(done.stderr.strip().splitlines() or ['died'])[-1][:200]}"
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    if "error" in figures:
        return f"  not measured: {figures['error']}"
    verdict = "reached" if figures["draft"] < SECONDS and figures["peak"] < BYTES else "missed"
    return (
        f"  {figures['parameters'] / 1e9:.1f} billion parameters: built in {figures['build']:.1f} s, drafted in"
        f" {figures['draft']:.1f} s (< {SECONDS:g}), {figures['nodes']} nodes, rung {figures['rung']}, peak"
        f" {figures['peak'] / 1e9:.2f} GB resident (< 1), {verdict}"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(draft(Shape())))
