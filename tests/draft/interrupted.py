"""Run as a script: interrupts drafts at random moments and prints, for each, what it left changed in the process.

    python tests/draft/interrupted.py COUNT SEED

An interval timer raises KeyboardInterrupt in the main thread, as Ctrl-C does.
"""

from __future__ import annotations

import builtins
import datetime
import io
import os
import random
import secrets
import signal
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
import torch

import torchdraft
from tests.engine.world import World
from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft._torch.patching import inventory

OWNERS = (builtins, io, os, os.path, random, time, threading, threading.Thread, ThreadPoolExecutor, uuid, numpy.random)
SHOWN = (datetime, random, secrets, numpy.random)
"""Modules that get another class during a draft."""
CLASSES = (torch.Tensor, torch.nn.Module, torch.SymInt, torch.SymFloat, torch.SymBool, torch.fx.Tracer)
CONTAINERS = (dict, list, set, tuple)


class Model(torch.nn.Module):
    """Reads a clock, a table, NumPy and a branch: most patches act on it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU())
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Does a bit of everything."""
        self.seen = self.seen + 1
        self.started = time.time()
        x = self.layers(x)
        if x.sum() > 0:
            x = x * 2
        return x + float(x.detach().numpy().sum()) * random.random()


def picture() -> dict[str, Any]:
    """What stands under each name that a patch may replace, and under the names of Python's and torch's modules."""
    found: dict[str, Any] = dict(inventory.current())
    found.update({f"class of {module.__name__}": type(module) for module in SHOWN})
    found["works for a draft"] = belongs()
    owners = [*OWNERS, *CLASSES, *(m for name, m in sorted(sys.modules.items()) if name.partition(".")[0] == "torch")]
    for owner in owners:
        for name, value in list(vars(owner).items()):
            if callable(value) or value is None or type(value) is bool:
                found[f"{getattr(owner, '__name__', owner)}.{name}"] = value
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of what is another thing now. Caches that fill up are not callable, and not looked at."""
    return sorted(name for name in before if name in after and before[name] is not after[name])


def main(count: int, seed: int) -> int:
    """Interrupts `count` drafts; exit status 1 says that one of them left something changed."""
    torch.manual_seed(0)
    mod, args, chance = Model(), (torch.randn(3, 4),), random.Random(seed)
    torchdraft.draft_export(mod, args)
    began = time.perf_counter()
    torchdraft.draft_export(mod, args)
    length = time.perf_counter() - began
    before, world = picture(), World(mod, args)
    for turn in range(count):
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0005, length))
        try:
            torchdraft.draft_export(mod, args)
            signal.setitimer(signal.ITIMER_REAL, 0)
            outcome = "finished"
        except KeyboardInterrupt:
            outcome = "interrupted"
        left = [*changed(before, picture()), *world.changes()]
        print(f"turn {turn}: {outcome}, left: {left[:8]}", flush=True)
        if left:
            return 1
    torchdraft.draft_export(mod, args)
    return 0


def interrupt(*_signal: object) -> None:
    """What Python's own handler of SIGINT does."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, interrupt)
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
