"""Models of plain torch.nn that are hard to export: state, sizes from values, loops that end on a value."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .registry import Example, ids, images, model, noise, rows


@model("torch", "encoder-decoder")
def encoder_decoder() -> Example:
    net = nn.Transformer(32, 4, 2, 2, 64, batch_first=True).eval()
    return net, (noise(2, 6, 32), noise(2, 5, 32)), {}, rows("src", "tgt")


@model("torch", "tagger")
def tagger() -> Example:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.cells = nn.Embedding(64, 16), nn.LSTM(16, 12, 2, batch_first=True, bidirectional=True)
            self.out = nn.Linear(24, 5)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.out(self.cells(self.embedding(tokens))[0]).log_softmax(-1)

    return Tagger().eval(), (ids(),), {}, rows("tokens", dims=(0, 1))


@model("torch", "packed sequences")
def packed_sequences() -> Example:
    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cells = nn.GRU(8, 12, batch_first=True)

        def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            out, last = self.cells(packed)
            return nn.utils.rnn.pad_packed_sequence(out, batch_first=True)[0], last

    return Packed().eval(), (noise(3, 5, 8), torch.tensor([5, 2, 3])), {}, None


@model("torch", "greedy decoding")
def greedy_decoding() -> Example:
    class Greedy(nn.Module):
        """Decodes until the stop token or ten steps."""

        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.cell, self.out = nn.Embedding(12, 16), nn.GRUCell(16, 16), nn.Linear(16, 12)

        def forward(self, state: Tensor) -> Tensor:
            token, tokens = torch.zeros(state.shape[0], dtype=torch.long), []
            for _ in range(10):
                state = self.cell(self.embedding(token), state)
                token = self.out(state).argmax(-1)
                tokens.append(token)
                if (token == 3).all():
                    break
            return torch.stack(tokens, 1)

    return Greedy().eval(), (noise(2, 16),), {}, rows("state")


@model("torch", "beam search")
def beam_search() -> Example:
    class Beam(nn.Module):
        """Keeps the two best sequences as Python lists."""

        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.cell, self.out = nn.Embedding(9, 8), nn.GRUCell(8, 8), nn.Linear(8, 9)

        def forward(self, state: Tensor) -> Tensor:
            beams = [(0.0, [1], state)]
            for _ in range(3):
                grown = []
                for score, tokens, held in beams:
                    held = self.cell(self.embedding(torch.tensor(tokens[-1:])), held)
                    best, chosen = self.out(held).log_softmax(-1)[0].topk(2)
                    pairs = zip(best.tolist(), chosen.tolist(), strict=True)
                    grown += [(score + value, [*tokens, token], held) for value, token in pairs]
                beams = sorted(grown, key=lambda beam: -beam[0])[:2]
            return torch.tensor([tokens for _, tokens, _ in beams])

    return Beam().eval(), (noise(1, 8),), {}, None


@model("torch", "ctc decoding")
def ctc_decoding() -> Example:
    class Decoder(nn.Module):
        def forward(self, logits: Tensor) -> list[Tensor]:
            best = [torch.unique_consecutive(row.argmax(-1)) for row in logits]
            return [row[row != 0] for row in best]

    return Decoder(), (noise(2, 9, 5),), {}, None


@model("torch", "adaptive softmax")
def adaptive_softmax() -> Example:
    net = nn.AdaptiveLogSoftmaxWithLoss(16, 40, [10, 20])
    return net, (noise(6, 16), torch.tensor([1, 12, 33, 4, 25, 39])), {}, None


@model("torch", "batch norm in training")
def batch_norm() -> Example:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.BatchNorm2d(4))
    return net.train(), (images(4, 12),), {}, rows("input")


@model("torch", "spectral norm in training")
def spectral_norm() -> Example:
    net = nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8)), nn.Tanh(), nn.Linear(8, 3))
    return net.train(), (noise(4, 8),), {}, rows("input")


@model("torch", "mixture of experts")
def mixture_of_experts() -> Example:
    from ..speed.models import Experts

    return Experts(16, 4).eval(), (noise(3, 5, 16),), {}, rows("x")


@model("torch", "capacity routing")
def capacity_routing() -> Example:
    class Router(nn.Module):
        """Each expert takes as many tokens as it was assigned, counted and split in Python."""

        def __init__(self) -> None:
            super().__init__()
            self.gate, self.experts = nn.Linear(8, 3), nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

        def forward(self, x: Tensor) -> Tensor:
            order = self.gate(x).argmax(-1).sort(stable=True)
            counts = torch.bincount(order.values, minlength=3).tolist()
            parts = x[order.indices].split(counts)
            out = torch.cat([expert(part) for expert, part in zip(self.experts, parts, strict=True)])
            return torch.empty_like(out).index_copy_(0, order.indices, out)

    return Router().eval(), (noise(11, 8),), {}, rows("x")


@model("torch", "early exit")
def early_exit() -> Example:
    class Exits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(4))
            self.heads = nn.ModuleList(nn.Linear(8, 3) for _ in range(4))

        def forward(self, x: Tensor) -> dict[str, Tensor | int]:
            depth = 0
            for block, head in zip(self.blocks, self.heads, strict=True):
                x, depth = block(x).relu(), depth + 1
                confidence = head(x).softmax(-1)
                if confidence.max(-1).values.mean() > 0.6:
                    break
            return {"probabilities": confidence, "depth": depth}

    return Exits().eval(), (noise(2, 8),), {}, rows("x")


@model("torch", "numpy window")
def numpy_window() -> Example:
    class Spectrum(nn.Module):
        """Feature extraction as audio code writes it, a window from NumPy."""

        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(9, 4)

        def forward(self, wave: Tensor) -> Tensor:
            peak = np.abs(wave.detach().numpy()).max()
            frames = (wave / float(peak)).unfold(-1, 16, 8) * torch.from_numpy(np.hanning(16).astype(np.float32))
            return self.out(torch.fft.rfft(frames).abs().log1p())

    return Spectrum().eval(), (noise(2, 64),), {}, rows("wave")


@model("torch", "anchors as lists")
def anchors() -> Example:
    class Anchors(nn.Module):
        """Boxes above a threshold, handled one by one."""

        def __init__(self) -> None:
            super().__init__()
            self.features, self.score, self.box = nn.Conv2d(3, 8, 3, 4), nn.Conv2d(8, 1, 1), nn.Conv2d(8, 4, 1)

        def forward(self, image: Tensor) -> list[tuple[int, int, Tensor]]:
            features = self.features(image).relu()
            score, box = self.score(features).sigmoid()[0, 0], self.box(features)[0]
            return [(y, x, box[:, y, x]) for y, x in (score > score.mean()).nonzero().tolist()]

    return Anchors().eval(), (images(1, 24),), {}, None


@model("torch", "streaming state")
def streaming_state() -> Example:
    class Stream(nn.Module):
        """Keeps the last frames in a buffer that grows by assignment."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(4, 4, 3)
            self.register_buffer("held", torch.zeros(1, 4, 2))

        def forward(self, frame: Tensor) -> Tensor:
            joined = torch.cat([self.held, frame], -1)
            self.held = joined[..., -2:].detach()
            return self.conv(joined)

    return Stream().eval(), (noise(1, 4, 5),), {}, {"frame": {2: torch.export.Dim.AUTO}}


@model("torch", "pairwise loss")
def pairwise_loss() -> Example:
    class Triplets(nn.Module):
        """Mines the triplets whose loss is not zero."""

        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Linear(6, 4)

        def forward(self, x: Tensor, labels: Tensor) -> Tensor:
            points = F.normalize(self.embedding(x), dim=-1)
            distance = torch.cdist(points, points)
            same = labels[:, None] == labels[None, :]
            losses = (distance[:, :, None] - distance[:, None, :] + 0.2)[same[:, :, None] & ~same[:, None, :]]
            losses = losses[losses > 0]
            return losses.mean() if losses.numel() > 0 else points.sum() * 0

    return Triplets().eval(), (noise(6, 6), torch.tensor([0, 1, 0, 2, 1, 2])), {}, None


@model("torch", "embedding bag")
def embedding_bag() -> Example:
    return nn.EmbeddingBag(64, 8, mode="sum"), (ids(1, 9)[0], torch.tensor([0, 4, 6])), {}, None
