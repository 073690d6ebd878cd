"""Models without issues: common layers and architectures, caches, buffers written in place."""

import copy
import functools
import random

import numpy
import torch

from tests.ledger.registry import model


@model
def clean_attention():
    """Nothing wrong: a transformer layer with a padding mask and dynamic sizes."""
    ids = torch.tensor([[3, 4, 5, 0], [6, 7, 0, 0]])
    return Encoder().train(), (ids,), {}, {"ids": {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=64)}}


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(16, 8, padding_idx=0)
        self.layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)

    def forward(self, ids):
        x = self.embedding(ids)
        causal = torch.nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return self.layer(x, src_mask=causal, src_key_padding_mask=(ids == 0).float() * -1e4).mean(1)


@model
def clean_attention_modules():
    """Nothing wrong: torch's attention module and its fused function, with a dynamic length."""
    shapes = {"x": {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", min=2)}}
    return Block().eval(), (torch.ones(2, 5, 8),), {}, shapes


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = torch.nn.LayerNorm(8)

    def forward(self, x):
        y, _ = self.attention(x, x, x, need_weights=False)
        x = self.norm(x + y)
        heads = x.unflatten(-1, (2, 4)).transpose(1, 2)
        return torch.nn.functional.scaled_dot_product_attention(heads, heads, heads, is_causal=True)


@model
def clean_batch_norm_in_training():
    """Nothing wrong: batch norm moves its buffers in place, which the graph keeps."""
    return NormBlock().train(), (torch.rand(2, 3, 5, 5),), {}, {"x": {0: torch.export.Dim.AUTO}}


class NormBlock(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(4)

    def forward(self, x):
        return self.norm(self.conv(x)).relu()


@model
def clean_copy():
    """Nothing wrong: a copy of a tensor, made by `copy` and written to, and the input left alone."""
    return Patched(), (torch.ones(3),)


class Patched(torch.nn.Module):
    def forward(self, x):
        y = copy.deepcopy(x)
        y[0] = 0
        z = x.clone()
        z.mul_(2).clamp_(max=3)
        return y + z


@model
def clean_detection_padded():
    """Nothing wrong: the best boxes of each image by `topk`, masked instead of dropped."""
    batch = torch.export.Dim("batch")
    args = (torch.rand(2, 5, 4), torch.rand(2, 5))
    return Best(), args, {}, {"boxes": {0: batch}, "scores": {0: batch}}


class Best(torch.nn.Module):
    def forward(self, boxes, scores):
        values, order = scores.topk(3, 1)
        kept = boxes.gather(1, order[..., None].expand(-1, -1, 4))
        return torch.where((values > 0.5)[..., None], kept, 0.0), values.masked_fill(values <= 0.5, 0.0)


@model
def clean_dropout():
    """Nothing wrong: torch's own random numbers are operations of the graph."""
    return Drop().train(), (torch.ones(4, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Drop(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = torch.nn.Dropout(0.3)

    def forward(self, x):
        noise = torch.randn_like(x) * 0.1
        keep = torch.rand(x.shape[0], 1) > 0.2
        return self.drop(x + noise) * keep


@model
def clean_ema_teacher():
    """Nothing wrong: a teacher's weights follow the student's in place, without gradients."""
    return Distill(), (torch.ones(2, 3),)


class Distill(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.student = torch.nn.Linear(3, 3)
        self.teacher = torch.nn.Linear(3, 3).requires_grad_(False)

    def forward(self, x):
        with torch.no_grad():
            for own, other in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
                own.mul_(0.9).add_(other, alpha=0.1)
        return self.student(x) - self.teacher(x)


@model
def clean_embedding_bag():
    """Nothing wrong: lookups, a one-hot encoding of a given width, gather and einsum."""
    batch = torch.export.Dim("batch")
    args = (torch.tensor([[1, 2], [3, 4], [5, 6]]), torch.tensor([0, 1, 2]))
    return Bags(), args, {}, {"ids": {0: batch}, "kind": {0: batch}}


class Bags(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = torch.nn.EmbeddingBag(8, 4, mode="sum")

    def forward(self, ids, kind):
        bag = self.bag(ids)
        hot = torch.nn.functional.one_hot(kind, 3).float()
        return torch.einsum("bi,bj->bij", bag, hot), bag.gather(1, kind[:, None])


@model
def clean_generation_unrolled():
    """Nothing wrong: a fixed number of steps, choices by `where`, a mask of what has ended."""
    return Decoder(), (torch.tensor([1, 2, 3]),), {}, {"token": {0: torch.export.Dim("batch")}}


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(6, 6)

    def forward(self, token):
        ended = torch.zeros_like(token, dtype=torch.bool)
        produced = []
        for _ in range(4):
            token = torch.where(ended, torch.zeros_like(token), self.table(token).argmax(-1))
            ended = ended | (token == 5)
            produced.append(token)
        return torch.stack(produced, 1)


@model
def clean_lookup_tables():
    """Nothing wrong: tables made in `__init__` as buffers, lists and numbers, only read in forward."""
    return Tables(), (torch.ones(2, 5),), {}, {"x": {0: torch.export.Dim("batch")}}


class Tables(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("angles", torch.arange(16.0))
        self.factors = [1.0, 0.5]
        self.plain = torch.tensor([2.0, 3.0, 4.0])

    def forward(self, x):
        angles = self.angles[: x.shape[1]]
        for factor in self.factors:
            x = x * torch.cos(angles * factor)
        return x[:, :3] * self.plain


@model
def clean_memoized_function():
    """Nothing wrong: a function of plain numbers behind `lru_cache`."""
    return Windowed(), (torch.ones(2, 5),), {}, {"x": {0: torch.export.Dim.AUTO}}


@functools.lru_cache
def window(length):
    return [0.5 - 0.5 * abs(2 * index / length - 1) for index in range(length)]


class Windowed(torch.nn.Module):
    def forward(self, x):
        return x * torch.tensor(window(5))


@model
def clean_mixed_precision():
    """Nothing wrong: casts by dtypes of other tensors, limits of their number formats, devices."""
    return Softmax(), (torch.ones(2, 3), torch.ones(2, 3, dtype=torch.bool))


class Softmax(torch.nn.Module):
    def forward(self, scores, mask):
        lowest = torch.finfo(scores.dtype).min
        scores = scores.float().masked_fill(~mask.to(scores.device), lowest)
        return scores.softmax(-1).to(mask.device).type_as(scores).half()


@model
def clean_mlp():
    """Nothing wrong: a perceptron with a dynamic batch."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 2))
    return model, (torch.ones(3, 4),), {}, {"input": {0: torch.export.Dim("batch")}}


@model
def clean_parameter_projected():
    """Nothing wrong: a parameter kept in range in place, which the graph does too."""
    return Bounded(), (torch.ones(2),)


class Bounded(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor([0.5, 3.0]))

    def forward(self, x):
        with torch.no_grad():
            self.scale.clamp_(max=1.0)
        return x * self.scale


@model
def clean_recurrent():
    """Nothing wrong: an LSTM and its last state."""
    return Reader(), (torch.ones(2, 5, 3),)


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True)

    def forward(self, x):
        out, (hidden, _) = self.lstm(x)
        return torch.cat([out.amax(1), hidden[-1]], 1)


@model
def clean_seeded_generators():
    """Nothing wrong: random numbers from generators seeded in forward are the same in every call."""
    return Projection(), (torch.ones(2, 3),)


class Projection(torch.nn.Module):
    def forward(self, x):
        signs = [random.Random(index).choice((-1.0, 1.0)) for index in range(3)]
        table = numpy.random.default_rng(0).standard_normal((3, 2))
        return (x * torch.tensor(signs)) @ torch.from_numpy(table).float()


@model
def clean_spectral_norm():
    """Nothing wrong: spectral norm in training moves its vectors in place."""
    layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(4, 3))
    return torch.nn.Sequential(layer, torch.nn.Tanh()).train(), (torch.ones(2, 4),)


@model
def clean_spectrum():
    """Nothing wrong: complex numbers, windows and overlapping frames."""
    return Spectrum(), (torch.ones(2, 32),), {}, {"wave": {0: torch.export.Dim("batch")}}


class Spectrum(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(8), persistent=False)

    def forward(self, wave):
        frames = wave.unfold(-1, 8, 4) * self.window
        spectrum = torch.fft.rfft(frames)
        return torch.view_as_real(spectrum), spectrum.abs().square().clamp(min=1e-9).log()


@model
def clean_static_cache():
    """Nothing wrong: keys written into a buffer at a position, in place."""
    return Cached(), (torch.ones(2, 1, 4), torch.tensor([3]))


class Cached(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("keys", torch.zeros(2, 6, 4))

    def forward(self, x, position):
        self.keys.index_copy_(1, position, x)
        return torch.softmax(x @ self.keys.transpose(1, 2), -1) @ self.keys


@model
def clean_warm_cache():
    """Nothing wrong: a table that an earlier call made is only read."""
    model = Rotary()
    model(torch.ones(1, 5))
    return model, (torch.ones(2, 5),)


class Rotary(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = {}

    def table(self, length):
        if length not in self.tables:
            self.tables[length] = torch.arange(length).float().cos()
        return self.tables[length]

    def forward(self, x):
        return x * self.table(x.shape[1])
