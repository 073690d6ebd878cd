"""The models of the benchmark: a transformer of this file, a vision model, a language model and a mixture of experts.

The last three come from transformers if it is installed (`make bench` installs it), otherwise from plain torch.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim

Example = tuple[nn.Module, tuple[Any, ...], dict[str, Any], Any]
"""Module, args, kwargs, dynamic shapes."""


@dataclass(frozen=True, slots=True)
class Racer:
    """A model of the benchmark."""

    name: str
    build: Callable[[], Example]


class Layer(nn.Module):
    """A transformer layer, attention first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_hidden = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projections, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Attention and feed-forward, both residual."""
        batch, length, width = x.shape
        split = self.projections(self.before_attention(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.before_hidden(x))))


class Transformer(nn.Module):
    """Twelve layers. With `branch`, a branch on a small input in the middle."""

    def __init__(self, layers: int = 12, width: int = 768, heads: int = 12, branch: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(8192, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.branch = branch

    def forward(self, tokens: Tensor, scores: Tensor | None = None) -> Tensor:
        """Hidden states of the last layer."""
        x = self.embedding(tokens)
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if self.branch and index == 5 and scores is not None and scores.sigmoid().mean() > 0.5:
                x = x * 0.5
        return self.norm(x)


class Experts(nn.Module):
    """A mixture of experts that selects the tokens of each expert, as in common libraries."""

    def __init__(self, width: int, experts: int, top: int = 2) -> None:
        super().__init__()
        self.top, self.gate = top, nn.Linear(width, experts)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)) for _ in range(experts)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Each token through its best experts."""
        flat = x.reshape(-1, x.shape[-1])
        weights, chosen = self.gate(flat).softmax(-1).topk(self.top, -1)
        out = torch.zeros_like(flat)
        for index, expert in enumerate(self.experts):
            row, slot = torch.where(chosen == index)
            if row.numel() == 0:
                continue
            out.index_add_(0, row, expert(flat[row]) * weights[row, slot, None])
        return out.view_as(x)


class ExpertTransformer(nn.Module):
    """Alternating attention layers and mixtures of experts."""

    def __init__(self, layers: int = 6, width: int = 512, experts: int = 8) -> None:
        super().__init__()
        self.embedding = nn.Embedding(8192, width)
        self.layers = nn.ModuleList(Layer(width, 8) for _ in range(layers))
        self.mixtures = nn.ModuleList(Experts(width, experts) for _ in range(layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """Hidden states of the last layer."""
        x = self.embedding(tokens)
        for layer, mixture in zip(self.layers, self.mixtures, strict=True):
            x = layer(x)
            x = x + mixture(x)
        return x


LENGTH = 512
"""Number of tokens in a sequence: the maximum of BERT, or a short prompt for a language model."""


def tokens(batch: int, length: int, vocabulary: int = 8192) -> Tensor:
    """Random token ids."""
    return torch.randint(0, vocabulary, (batch, length), generator=torch.Generator().manual_seed(0))


def transformer() -> Example:
    """The twelve-layer transformer."""
    return Transformer().eval(), (tokens(2, LENGTH),), {}, {"tokens": {0: Dim.AUTO, 1: Dim.AUTO}}


def branchy_transformer() -> Example:
    """The same with one branch on a small input."""
    shapes = {"tokens": {0: Dim.AUTO, 1: Dim.AUTO}, "scores": None}
    return Transformer(branch=True).eval(), (tokens(2, LENGTH), torch.ones(16)), {}, shapes


def vision() -> Example:
    """A vision transformer from transformers, or a plain convolutional network."""
    images = torch.randn(8, 3, 224, 224)
    if importlib.util.find_spec("transformers"):
        from transformers import ViTConfig, ViTModel

        config = ViTConfig(hidden_size=384, num_hidden_layers=12, num_attention_heads=6, intermediate_size=1536)
        return ViTModel(config).eval(), (), {"pixel_values": images}, {"pixel_values": {0: Dim.AUTO}}
    blocks = [nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU()) for _ in range(24)]
    model = nn.Sequential(nn.Conv2d(3, 64, 7, 4), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 1000))
    return model.eval(), (images,), {}, {"input": {0: Dim.AUTO}}


def language() -> Example:
    """A Llama from transformers, or a deeper transformer of this file."""
    if not importlib.util.find_spec("transformers"):
        model = Transformer(layers=16, width=1024, heads=16).eval()
        return model, (tokens(2, LENGTH),), {}, {"tokens": {0: Dim.AUTO, 1: Dim.AUTO}}
    from transformers import LlamaConfig, LlamaModel

    config = LlamaConfig(
        vocab_size=8192, hidden_size=1024, intermediate_size=2816, num_hidden_layers=16, num_attention_heads=16,
        num_key_value_heads=8, use_cache=False,
    )  # fmt: skip
    return LlamaModel(config).eval(), (), {"input_ids": tokens(2, LENGTH)}, {"input_ids": {0: Dim.AUTO, 1: Dim.AUTO}}


def experts() -> Example:
    """A Mixtral from transformers, or the mixture of experts of this file."""
    if not importlib.util.find_spec("transformers"):
        return own_experts()
    from transformers import MixtralConfig, MixtralModel

    config = MixtralConfig(
        vocab_size=8192, hidden_size=512, intermediate_size=1024, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=4, num_local_experts=8, use_cache=False,
    )  # fmt: skip
    return MixtralModel(config).eval(), (), {"input_ids": tokens(2, LENGTH)}, {"input_ids": {0: Dim.AUTO, 1: Dim.AUTO}}


def own_experts() -> Example:
    """The mixture of experts of this file, which torch.export.export rejects."""
    return ExpertTransformer().eval(), (tokens(2, 64),), {}, {"tokens": {0: Dim.AUTO, 1: Dim.AUTO}}


RACERS = (
    Racer("12-layer transformer", transformer),
    Racer("transformer, one branch", branchy_transformer),
    Racer("vision", vision),
    Racer("language", language),
    Racer("mixture of experts", experts),
    Racer("mixture of experts, looped", own_experts),
)


class Sites(nn.Module):
    """`count` branches on values."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """One branch per element of `x`."""
        for index in range(self.count):
            y = y + 1 if x[index].item() > 0.25 else y * 0.5
        return y


def sites(count: int) -> Example:
    """A model with `count` data-dependent sites."""
    x = torch.rand(count, generator=torch.Generator().manual_seed(0))
    return Sites(count), (x, torch.ones(4)), {}, None
