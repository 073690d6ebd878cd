"""Models of applications with several kinds of issues each: vision, audio, graphs, checks of inputs."""

import functools
import time

import numpy
import torch

from tests.ledger.registry import model


@model
def mixed_checks_of_inputs():
    """A function that checks arguments as libraries do, by shape, by dtype and by value."""
    return Accuracy(), (torch.eye(3), torch.tensor([0, 1, 1]))


def checked(labels, classes):
    if labels.dim() != 1:
        raise ValueError(f"one dimension, not {labels.shape}")
    if labels.dtype != torch.int64:
        raise TypeError(f"int64, not {labels.dtype}")
    if labels.min() < 0 or labels.max() >= classes:  # expect: TD101, TD101
        raise ValueError(f"classes from 0 to {classes - 1}, not {labels}")
    return labels


class Accuracy(torch.nn.Module):
    def forward(self, logits, labels):
        labels = checked(labels, logits.shape[1])
        return (logits.argmax(1) == labels).float().mean()


@model
def mixed_detection():
    """Postprocessing of a detector: a threshold, an empty check, a limit that is a Python number, a note in the log."""
    return Detections(), (torch.arange(16.0).view(4, 4), torch.tensor([0.9, 0.1, 0.5, 0.7]), torch.tensor(2))


class Detections(torch.nn.Module):
    def forward(self, boxes, scores, limit):
        keep = scores > 0.3
        boxes, scores = boxes[keep], scores[keep]
        if boxes.shape[0] == 0:  # expect: TD101
            return boxes, scores
        order = numpy.argsort(-scores.numpy())  # expect: TD103
        order = torch.from_numpy(order.copy())[: int(limit)]
        return boxes[order], scores[order]


@model
def mixed_dynamic_branch():
    """A dynamic batch that a table fixes, a length that a branch narrows, and a condition on data."""
    shapes = {"x": {0: torch.export.Dim.AUTO, 1: torch.export.Dim("length", min=2)}}
    return Reader(), (torch.ones(4, 6, 3),), {}, shapes


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(4, 1, 3))

    def forward(self, x):
        if x.shape[1] > 128:  # expect: TD201
            x = x[:, :128]
        x = x + self.bias  # expect: TD202
        if x.abs().sum() == 0:  # expect: TD101
            return x
        return x / x.norm()


@model
def mixed_expert_routing():
    """Mixture of experts in a loop: an expert without tokens is skipped, three of the four have some."""
    return Experts(), (torch.ones(5, 3), torch.tensor([0, 1, 1, 3, 0]))


class Experts(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.experts = torch.nn.ModuleList(torch.nn.Linear(3, 3) for _ in range(4))

    def forward(self, x, route):
        out = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            rows = (route == number).nonzero()[:, 0]
            if rows.numel() == 0:  # expect: TD101 x4
                continue
            out = out.index_add(0, rows, expert(x[rows]))
        return out


@model
def mixed_graph_pooling():
    """Graphs of a batch handled one by one: how many there are is read, each is cut out by its mask."""
    return Readout(), (torch.ones(5, 2), torch.tensor([0, 0, 1, 2, 2]))


class Readout(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.score = torch.nn.Linear(2, 1)

    def pooled(self, nodes):
        if nodes.shape[0] < 2:  # expect: TD101 x3
            return nodes.sum(0)
        weights = self.score(nodes).softmax(0)
        return (nodes * weights).sum(0)

    def forward(self, nodes, batch):
        graphs = batch.max().item() + 1
        return torch.stack([self.pooled(nodes[batch == graph]) for graph in range(graphs)])  # expect: TD102


@model
def mixed_profiled():
    """Layers timed and logged by a decorator of the model's file."""
    return Layer(), (torch.ones(2, 3),)


TIMES = []


def timed(method):
    @functools.wraps(method)
    def measured(self, *args):
        started = time.perf_counter()  # expect: TD404 note
        result = method(self, *args)
        TIMES.append(time.perf_counter() - started)  # expect: TD403, TD404 note
        return result

    return measured


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    @timed
    def forward(self, x):
        return self.linear(x).relu()


@model
def mixed_proposals():
    """Proposals of several levels: per level a limit of what is left, boxes of no size dropped, the best kept."""
    boxes = [torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 0.5, 4.0], [1.0, 1.0, 3.0, 3.0]]), torch.ones(2, 4) * 2]
    return Proposals(), (boxes, [torch.tensor([0.9, 0.1, 0.5]), torch.tensor([0.3, 0.2])])


class Proposals(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.most = 2

    def level(self, boxes, scores):
        count = min(self.most, boxes.shape[0])
        best = scores.topk(count).indices
        boxes = boxes[best]
        large = (boxes[:, 2] - boxes[:, 0] > 1) & (boxes[:, 3] - boxes[:, 1] > 1)
        return boxes[large]

    def forward(self, boxes, scores):
        kept = [self.level(b, s) for b, s in zip(boxes, scores, strict=True)]
        merged = torch.cat(kept)
        if len(merged) > 2:  # expect: TD101
            merged = merged[:2]
        return merged


@model
def mixed_spectrogram():
    """Silence cut off by a threshold on the host, frames counted from what is left, a window cached by its length."""
    return Trimmed(), (torch.tensor([0.0, 0.5, 1.0, -1.0, 0.5, 0.3, 0.2, 0.0]),)


class Trimmed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.windows = {}

    def window(self, length):
        if length not in self.windows:
            self.windows[length] = torch.hann_window(length)  # expect: TD402 note
        return self.windows[length]

    def forward(self, wave):
        loud = numpy.flatnonzero(numpy.abs(wave.numpy()) > 0.1)  # expect: TD103
        wave = wave[loud[0] : loud[-1] + 1]
        frames = wave.unfold(0, 4, 2) * self.window(4)
        return torch.fft.rfft(frames).abs()


@model
def mixed_tracker():
    """A tracker as it grows in practice: a cold start by a flag, a gate on data, a print, a table by size."""
    return Tracker(), (torch.tensor([[0.0, 0.0], [1.0, 1.0], [30.0, 1.0]]),)


class Tracker(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.started = False
        self.register_buffer("mean", torch.zeros(2))
        self.tables = {}

    def weights(self, count):
        if count not in self.tables:
            self.tables[count] = torch.linspace(0, 1, count)  # expect: TD402 note
        return self.tables[count]

    def forward(self, points):
        if not self.started:
            self.mean.copy_(points.mean(0))
            self.started = True  # expect: TD402
        far = (points - self.mean).norm(dim=1) > 3
        if far.any():  # expect: TD101
            points = points[~far]
        print("kept", points.shape[0])  # expect: TD103 note
        return (points * self.weights(4)[0]).sum(0)


@model
def mixed_two_ops():
    """An operator without a fake kernel in a loop, its count from a tensor, and one that gives a number back."""
    return Settled(), (torch.tensor([3.5, 1.0]),)


@torch.library.custom_op("torchdraft_ledger::settle", mutates_args=())
def settle(x: torch.Tensor) -> torch.Tensor:
    return x / 2


@torch.library.custom_op("torchdraft_ledger::depth_of", mutates_args=())
def depth_of(x: torch.Tensor) -> int:
    return int(x.abs().max().item())


class Settled(torch.nn.Module):
    def forward(self, x):
        for _ in range(depth_of(x)):  # expect: TD102, TD301
            x = settle(x)  # expect: TD301 x3
        return x


@model
def mixed_vector_quantizer():
    """A codebook that replaces dead codes while training: a branch, and buffers written in place, which the graph
    keeps.
    """
    return Codebook(), (torch.eye(4)[[0, 1, 3]],)


class Codebook(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("codes", torch.eye(4))
        self.register_buffer("usage", torch.tensor([5.0, 5.0, 0.1, 5.0]))

    def expire(self, flat):
        dead = self.usage < 1
        if not torch.any(dead):  # expect: TD101
            return
        fresh = flat[torch.arange(4) % flat.shape[0]]
        self.codes.copy_(torch.where(dead[:, None], fresh, self.codes))

    def forward(self, x):
        nearest = torch.cdist(x, self.codes).argmin(-1)
        self.usage.mul_(0.9).add_(torch.bincount(nearest, minlength=4) * 0.1)
        self.expire(x)
        return self.codes[nearest]
