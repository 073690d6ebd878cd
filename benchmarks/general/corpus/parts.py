"""Parts of real models: decoding steps, caches, normalisation, padding, filtering, pooling, suppression."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..registry import Call, dynamic, model, negative, noise, number, positive

X = noise(4, 6)
IDS = torch.tensor([[5, 3, 7, 0, 0], [2, 9, 4, 1, 0]])


@model(
    Call(IDS),
    Call(torch.tensor([[5, 3, 7, 1, 2], [2, 9, 4, 1, 8]])),
    Call(torch.tensor([[5, 0, 0, 0, 0], [2, 9, 0, 0, 0]])),
)
class PaddingMask(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)

    def forward(self, ids: Tensor) -> Tensor:
        x, mask = self.embedding(ids), ids == 0
        scores = x @ x.transpose(1, 2)
        if mask.any():
            scores = scores.masked_fill(mask[:, None], -math.inf)
        return scores.softmax(-1) @ x


@model(
    Call(IDS),
    Call(torch.tensor([[5, 3, 7, 1, 2], [2, 9, 4, 1, 8]])),
    Call(torch.tensor([[5, 0, 0, 0, 0], [2, 9, 0, 0, 0]])),
)
class TrimmedBatch(nn.Module):
    def forward(self, ids: Tensor) -> Tensor:
        longest = int((ids != 0).sum(1).max())
        return ids[:, :longest] * 2


@model(*(Call(noise(1, 6, seed=seed)) for seed in (0, 1, 2, 5)))
class GreedyDecoding(nn.Module):
    """Decodes until the stop token or six steps."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.cell, self.out = nn.Embedding(4, 6), nn.GRUCell(6, 6), nn.Linear(6, 4)

    def forward(self, state: Tensor) -> tuple[Tensor, Tensor]:
        token, score = torch.zeros(1, dtype=torch.long), torch.zeros(())
        for _ in range(6):
            state = self.cell(self.embedding(token), state)
            values = self.out(state * 3).log_softmax(-1)
            token = values.argmax(-1)
            score = score + values.max()
            if (token == 3).all():
                break
        return score, token


@model(
    Call(torch.tensor([[1, 2], [1, 4]]), noise(2, 5)),
    Call(torch.tensor([[1, 2], [1, 4]]), noise(2, 5, seed=1)),
    Call(torch.tensor([[1, 2], [1, 4]]), noise(2, 5) + torch.tensor([0.0, 0.0, 9.0, 0.0, 0.0])),
)
class BeamStep(nn.Module):
    def forward(self, beams: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        scores, flat = logits.log_softmax(-1).flatten().topk(2)
        rows, tokens = flat // 5, flat % 5
        beams = torch.cat([beams[rows], tokens[:, None]], 1)
        if (tokens == 2).all():
            scores = scores / beams.shape[1]
        return beams, scores


@model(
    Call(noise(1, 4), noise(3, 4), number(3)),
    Call(noise(1, 4), noise(3, 4), number(0)),
    Call(noise(1, 4), noise(3, 4), number(1)),
)
class CacheOrNot(nn.Module):
    def forward(self, x: Tensor, past: Tensor, filled: Tensor) -> Tensor:
        if filled > 0:
            x = torch.cat([past[: int(filled)], x])
        return (x @ x.t()).softmax(-1) @ x


@model(Call(X), Call(X * 0), Call(X * 100), Call(X / 1000))
class ClampedNorm(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        norm = x.norm()
        if norm > 10:
            x = x * (10 / norm)
        elif norm < 1e-2:
            return x
        return x / norm.clamp(min=1e-6)


@model(Call(X), Call(X * 0), Call(X.abs()), Call(-X.abs()))
class QuantizedScale(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, float]:
        low, high = min(x.min().item(), 0.0), max(x.max().item(), 0.0)
        scale = (high - low) / 255
        if scale == 0.0:
            scale = 1.0
        return (x / scale).round().clamp(-128, 127), scale


@model(Call(noise(8)), Call(noise(8) * 5), Call(torch.zeros(8)), Call(noise(8, seed=1)))
class NucleusFilter(nn.Module):
    def forward(self, logits: Tensor) -> Tensor:
        values, order = logits.softmax(-1).sort(descending=True)
        kept = int((values.cumsum(-1) < 0.8).sum()) + 1
        return torch.zeros_like(logits).scatter(0, order[:kept], values[:kept])


@model(
    Call(noise(2, 6, 4)),
    Call(noise(2, 12, 4)),
    Call(noise(2, 3, 4)),
    Call(noise(2, 8, 4)),
    shapes=dynamic("x", dims=(1,)),
)
class LongRotaryCache(nn.Module):
    table: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.arange(8.0)[:, None] * torch.tensor([1.0, 0.1, 0.01, 0.001]))

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        table = self.table
        if n > table.shape[0]:
            table = torch.arange(float(n))[:, None] * torch.tensor([0.5, 0.05, 0.005, 0.0005])
        return x * table[:n].cos()


@model(Call(F.pad(positive(5), (2, 3))), Call(positive(10)), Call(F.pad(positive(2), (0, 8))), Call(torch.zeros(10)))
class SilenceTrimmed(nn.Module):
    def forward(self, wave: Tensor) -> Tensor:
        loud = wave.abs() > 0.05
        if not loud.any():
            return wave[:0]
        at = loud.nonzero().squeeze(1)
        return wave[int(at[0]) : int(at[-1]) + 1]


@model(
    Call(torch.tensor([4, 2, 7]), torch.tensor([4, 2, 7])),
    Call(torch.tensor([4, 2, 7]), torch.tensor([4, 3, 7])),
    Call(torch.tensor([4, 2, 7]), torch.tensor([1, 2, 7])),
)
class SpeculativeAccept(nn.Module):
    def forward(self, draft: Tensor, target: Tensor) -> Tensor:
        accepted = 0
        for mine, other in zip(draft, target, strict=True):
            if mine != other:
                break
            accepted += 1
        return target[: accepted + 1]


@model(
    Call(torch.tensor([[0.0, 2], [1, 3], [5, 6]])),
    Call(torch.tensor([[0.0, 2], [3, 4], [5, 6]])),
    Call(torch.tensor([[0.0, 9], [1, 3], [5, 6]])),
)
class IntervalSuppression(nn.Module):
    def forward(self, spans: Tensor) -> Tensor:
        kept: list[Tensor] = []
        for span in spans:
            if all(span[0] >= other[1] for other in kept):
                kept.append(span)
        return torch.stack(kept)


@model(Call(noise(2, 3, 8, 8)), Call(noise(2, 3, 20, 8)), Call(noise(2, 3, 5, 24)), shapes=dynamic("x", dims=(2, 3)))
class PooledWhenLarge(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if max(x.shape[2], x.shape[3]) > 16:
            x = F.max_pool2d(x, 2)
        return F.adaptive_avg_pool2d(x, 2).flatten(1)


@model(Call(positive(4, 6), number(0.9)), Call(positive(4, 6), number(0.1)), Call(negative(4, 6), number(0.6)))
class Augmented(nn.Module):
    def forward(self, x: Tensor, draw: Tensor) -> Tensor:
        if draw > 0.5:
            x = x.flip(-1)
        if draw < 0.75 and x.mean() > 0:
            x = x * 1.5
        return x


@model(Call(X, number(1.0)), Call(X * math.inf, number(1.0)), Call(X, number(4.0)))
class LossScale(nn.Module):
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor(8.0))

    def forward(self, gradient: Tensor, factor: Tensor) -> Tensor:
        if not torch.isfinite(gradient).all():
            self.scale.mul_(0.5)
            return torch.zeros_like(gradient)
        self.scale.mul_(factor)
        return gradient / self.scale


@model(
    Call(noise(6, 4), torch.tensor([0, 0, 1, 1, 2, 2])),
    Call(noise(6, 4), torch.tensor([0, 0, 0, 0, 0, 0])),
    Call(noise(6, 4), torch.tensor([0, 1, 1, 3, 3, 3])),
)
class PooledByGroup(nn.Module):
    def forward(self, x: Tensor, group: Tensor) -> Tensor:
        groups = int(group.max()) + 1
        out = x.new_zeros(groups, 4).index_add(0, group, x)
        return out / torch.bincount(group, minlength=groups).clamp(min=1)[:, None]


@model(Call(noise(9, 2)), Call(noise(9, 2, seed=1)), Call(noise(9, 2) * 0), Call(noise(9, 2) + 9))
class FewPoints(nn.Module):
    def forward(self, points: Tensor) -> Tensor:
        near = points[points.norm(dim=1) < 1.0]
        if near.shape[0] < 2:
            return points.mean(0)
        return near.std(0)


@model(Call(X, torch.tensor([1, 0, 1, 1])), Call(X, torch.tensor([0, 0, 0, 0])), Call(X, torch.tensor([1, 1, 1, 1])))
class ActiveRows(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor, active: Tensor) -> Tensor:
        rows = active.nonzero(as_tuple=True)[0]
        if len(rows) == len(x):
            return self.linear(x)
        out = x.clone()
        out[rows] = self.linear(x[rows])
        return out


@model(Call(X), Call(X * 4), Call(X / 9))
class AdaptiveSteps(nn.Module):
    """Halves the step of an integrator while the error is large."""

    def forward(self, x: Tensor) -> Tensor:
        step = 0.5
        for _ in range(3):
            whole = x - step * x**3
            half = x - step / 2 * x**3
            if (whole - half).abs().max() > 0.3:
                step = step / 2
            else:
                x = whole
        return x
