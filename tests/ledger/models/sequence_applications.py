"""Models of applications with several kinds of issues each: text, time series, search, training."""

import random

import numpy
import torch

from tests.ledger.registry import model


@model
def mixed_cache_class():
    """A cache of keys and values as an unregistered class, in and out, extended by the model."""
    return Attention(), (torch.ones(1, 1, 4), Cache(torch.ones(1, 3, 4), torch.ones(1, 3, 4)))


class Cache:
    def __init__(self, keys, values):
        self.keys = keys
        self.values = values

    def extended(self, keys, values):
        return Cache(torch.cat([self.keys, keys], 1), torch.cat([self.values, values], 1))


class Attention(torch.nn.Module):
    def forward(self, x, cache):  # expect: TD501
        cache = cache.extended(x, x * 2)
        weights = torch.softmax(x @ cache.keys.transpose(1, 2), -1)
        return weights @ cache.values, cache


@model
def mixed_forecast():
    """A forecaster that scales by the series' own size, refuses gaps, and was to take any length."""
    shapes = {"series": {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", min=4)}}
    return Forecast(), (torch.ones(3, 12),), {}, shapes


class Forecast(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.trend = torch.nn.Linear(12, 4)

    def forward(self, series):
        if series.isnan().any():  # expect: TD101
            series = series.nan_to_num()
        scale = series.abs().mean(1, keepdim=True)
        scaled = series / torch.where(scale > 0, scale, 1.0)
        return self.trend(scaled) * scale  # expect: TD201


@model
def mixed_greedy_decoding():
    """Decodes until every row has ended; counts its calls; prints what it found."""
    return Decoder(), (torch.tensor([1, 1]),)


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(5, 5, _weight=torch.eye(5).roll(1, 1) * 4)
        self.calls = 0

    def forward(self, token):
        self.calls += 1  # expect: TD402
        tokens = [token]
        for _ in range(10):
            token = self.embedding(token).argmax(-1)
            tokens.append(token)
            if (token == 4).all():  # expect: TD101 x3
                break
        found = torch.stack(tokens, 1)
        print("decoded", found.tolist())  # expect: TD103 note
        return found


@model
def mixed_negative_sampling():
    """Negative items drawn by NumPy, embedded, and a loss printed every hundredth call."""
    return Recommender(), (torch.ones(4), torch.tensor(3))


class Recommender(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.items = torch.nn.Embedding(20, 4)
        self.steps = 0

    def forward(self, user, item):
        negative = torch.as_tensor(numpy.random.randint(0, 20, size=3))  # expect: TD404
        self.steps += 1  # expect: TD402
        score = (user * self.items(item)).sum() - (user * self.items(negative)).sum(-1).mean()
        if self.steps % 100 == 0:
            print("score", score)
        return torch.nn.functional.softplus(-score)


@model
def mixed_replay_buffer():
    """A replay buffer written at a position kept as a number, wrapped around at its end."""
    return Replay(), (torch.ones(3),)


class Replay(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("states", torch.zeros(4, 3))
        self.position = 2

    def forward(self, state):
        self.states[self.position] = state
        self.position = (self.position + 1) % 4  # expect: TD402
        return self.states.mean(0)


@model
def mixed_scheduler():
    """Steps of a sampler: a table of NumPy's made in forward, a step chosen by a tensor, noise of torch's."""
    return Sampler(), (torch.ones(3), torch.tensor(2))


class Sampler(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(3, 3)

    def forward(self, x, step):
        sigmas = numpy.linspace(1.0, 0.1, 10)
        sigma = sigmas[step]  # expect: TD102
        if sigma > 0.5:
            x = x + torch.randn_like(x) * float(sigma)
        return x - self.net(x) * sigma


@model
def mixed_search():
    """Beam search over a step model: a loop bound from the input, an early stop, ranks by Python's sort."""
    return Search(), (torch.ones(4), torch.tensor(2))


class Search(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.step = torch.nn.Linear(4, 4)

    def forward(self, x, steps):
        beams = [(x, x.sum() * 0)]
        for _ in range(int(steps)):  # expect: TD102
            grown = []
            for state, score in beams:
                logits = self.step(state).log_softmax(-1)
                values, _ = logits.topk(2)
                grown += [(state + 0.1 * value, score + value) for value in values.unbind(0)]
            beams = sorted(grown, key=lambda beam: beam[1].item(), reverse=True)[:2]  # expect: TD101
            if beams[0][1] < -100:  # expect: TD101 x2
                break
        return beams[0][0]


@model
def mixed_text_generation():
    """Sampling with a penalty for repeated tokens, a stop at the end token, a cache in a list of the model's own."""
    return Generator(), (torch.tensor(1), torch.tensor(5))


class Generator(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.eye(6).roll(1, 1) * 5)
        self.past = []

    def forward(self, token, limit):
        produced = []
        for _ in range(int(limit)):  # expect: TD102
            logits = self.table[token]
            self.past.append(logits)  # expect: TD402
            for earlier in produced:
                logits = logits.index_fill(0, earlier, -1.0)
            token = logits.argmax()
            produced.append(token)
            if token.item() == 4:  # expect: TD101 x3
                break
        return torch.stack(produced)


@model
def mixed_training_step():
    """A loss with label smoothing drawn by Python, written to its input, logged by print."""
    return Step(), (torch.rand(2, 4), torch.tensor([0, 2]))


class Step(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)

    def forward(self, x, target):
        x -= x.mean(0)  # expect: TD401
        smoothing = random.uniform(0, 0.1)  # expect: TD404
        loss = torch.nn.functional.cross_entropy(self.linear(x), target, label_smoothing=smoothing)
        print(f"loss: {loss}")  # expect: TD103 note
        return loss
