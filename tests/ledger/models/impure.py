"""Impure calls: clocks, files, environment variables and random numbers outside of torch."""

import glob
import json
import logging
import os
import random
import tempfile
import time
import uuid
from datetime import date, datetime
from pathlib import Path
from random import uniform
from time import monotonic

import numpy
import torch

from tests.ledger.registry import model


@model
def impure_calendar():
    """The date, the local time and a stopwatch imported by name."""
    return Dated(), (torch.ones(3),)


class Dated(torch.nn.Module):
    def forward(self, x):
        day = date.today().toordinal()  # expect: TD404
        hour = time.localtime().tm_hour  # expect: TD404
        return x + day + hour + monotonic()  # expect: TD404


@model
def impure_clock():
    """Reads two clocks."""
    return Stamp(), (torch.ones(3),)


class Stamp(torch.nn.Module):
    def forward(self, x):
        started = time.perf_counter()  # expect: TD404
        y = x.cumsum(0)
        return y, torch.tensor(datetime.now().timestamp() - started)  # expect: TD404


@model
def impure_deadline():
    """Work that stops when its time is up: the clock decides, although the example never waited so long."""
    return Refines(), (torch.ones(3),)


class Refines(torch.nn.Module):
    def forward(self, x):
        end = time.monotonic() + 60  # expect: TD404
        for _ in range(3):
            x = x - 0.1 * x.cos()
            if time.monotonic() > end:  # expect: TD404
                break
        return x


@model
def impure_environment():
    """Settings read from the environment in forward: two that are not set, one that is."""
    return Switch(), (torch.ones(3),)


class Switch(torch.nn.Module):
    def forward(self, x):
        if os.environ.get("TORCHDRAFT_LEDGER_FAST"):  # expect: TD404 note
            return x.half().float()
        scale = float(os.getenv("TORCHDRAFT_LEDGER_SCALE", "2"))  # expect: TD404 note
        return x * scale + len(os.environ.get("PATH", ""))  # expect: TD404


@model
def impure_file():
    """Reads a table from a file in every call."""
    return Calibrated(), (torch.ones(3),)


FILE = Path(__file__).with_name("impure_file.json")


class Calibrated(torch.nn.Module):
    def forward(self, x):
        with open(FILE) as file:  # expect: TD404
            table = json.load(file)
        return x * table["scale"]


@model
def impure_file_queries():
    """Whether files are there, what a folder holds, how large one is: the answers choose and go into the graph."""
    return Chooses(), (torch.ones(3),)


HERE = Path(__file__)


class Chooses(torch.nn.Module):
    def forward(self, x):
        if HERE.with_suffix(".txt").exists():  # expect: TD404
            x = x * 2
        if os.path.isfile(HERE):  # expect: TD404
            x = x + os.path.getsize(HERE)  # expect: TD404
        for name in os.listdir(HERE.parent)[:2]:  # expect: TD404
            x = x + len(name)
        os.makedirs(HERE.parent, exist_ok=True)
        return x * len(glob.glob(str(HERE.parent / "*.py")))  # expect: TD404


@model
def impure_generators():
    """Generators of NumPy's and Python's that carry their state from call to call."""
    return Noise(), (torch.ones(3),)


class Noise(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rng = numpy.random.default_rng(0)
        self.dice = random.Random(0)

    def forward(self, x):
        x = x + self.rng.standard_normal()  # expect: TD404
        return x * self.dice.random()  # expect: TD404


@model
def impure_imported_name():
    """A random function imported by its name."""
    return Jitter(), (torch.ones(3),)


class Jitter(torch.nn.Module):
    def forward(self, x):
        return x * uniform(0.9, 1.1)  # expect: TD404


@model
def impure_numpy():
    """Noise and a permutation drawn by NumPy, on two lines."""
    return NumpyNoise(), (torch.arange(3.0),)


class NumpyNoise(torch.nn.Module):
    def forward(self, x):
        noise = numpy.random.randn(3)  # expect: TD404
        order = numpy.random.permutation(3)  # expect: TD404
        return x[torch.from_numpy(order)] + torch.from_numpy(noise).float()


@model
def impure_on_a_line_with_others():
    """A random number, a size and a condition on one line."""
    return Augment(), (torch.ones(5), torch.tensor(3))


class Augment(torch.nn.Module):
    def forward(self, x, width):
        return x[: int(width)] * random.random() if x.sum() > 0 else x  # expect: TD101, TD404


@model
def impure_random():
    """Drops layers at random with Python's generator."""
    return LayerDrop(), (torch.ones(2, 3),)


class LayerDrop(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(3, 3) for _ in range(3))

    def forward(self, x):
        for layer in self.layers:
            if random.random() < 0.9:  # expect: TD404 x3
                x = layer(x)
        return x


@model
def impure_seeds_of_torch():
    """torch's own generators, seeded in forward: one made on the spot, the default one, and dropout under it."""
    return SeededNoise(), (torch.ones(2, 4),)


class SeededNoise(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dropout = torch.nn.Dropout(0.3)

    def forward(self, x):
        noise = torch.randn(4, generator=torch.Generator().manual_seed(0))  # expect: TD405
        torch.manual_seed(1)
        x = x + noise * torch.rand_like(x)  # expect: TD405
        return self.dropout(x)  # expect: TD405


@model
def impure_switches():
    """The environment asked by subscript and by membership, in a function of the file."""
    return Switches(), (torch.ones(3),)


def fast():
    return "TORCHDRAFT_LEDGER_FAST" in os.environ  # expect: TD404 note


class Switches(torch.nn.Module):
    def forward(self, x):
        home = os.environ["PATH"]  # expect: TD404
        return x * 2 if fast() else x + len(home)


@model
def impure_tables():
    """Tables read from files in forward, three ways."""
    return Tables(), (torch.ones(3),)


TABLE = Path(__file__).with_name("impure_tables.txt")


class Tables(torch.nn.Module):
    def forward(self, x):
        scale = float(TABLE.read_text())  # expect: TD404
        table = numpy.loadtxt(TABLE)  # expect: TD404
        with TABLE.open() as file:  # expect: TD404
            offset = float(file.read())
        return x * scale + float(table) + offset


@model
def impure_tensor_file():
    """A table of tensors read from its file in each call."""
    return Table(), (torch.ones(3),)


class Table(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.path = os.path.join(tempfile.mkdtemp(), "table.pt")
        torch.save(torch.arange(3.0), self.path)

    def forward(self, x):
        return x + torch.load(self.path)  # expect: TD404


@model
def impure_time_logged():
    """A clock for the log, a UUID for a name: neither gets into the program. A third one does."""
    return Logs(), (torch.ones(4),)


LOG = logging.getLogger(__name__)


class Logs(torch.nn.Module):
    def forward(self, x):
        started = time.perf_counter()  # expect: TD404 note
        parts = {f"part-{uuid.uuid4()}": part for part in x.chunk(2)}  # expect: TD404 note
        y = torch.cat([part * 2 for part in parts.values()])
        LOG.debug("%s parts in %s seconds", len(parts), time.perf_counter() - started)  # expect: TD404 note
        return y


@model
def impure_unseeded():
    """Generators made without a seed, and bytes from the operating system."""
    return UnseededNoise(), (torch.ones(3),)


class UnseededNoise(torch.nn.Module):
    def forward(self, x):
        x = x + numpy.random.default_rng().random()  # expect: TD404
        x = x * random.Random().random()  # expect: TD404
        x = x + os.urandom(1)[0]  # expect: TD404
        return x - uuid.uuid4().int % 7  # expect: TD404
