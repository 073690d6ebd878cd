"""Whether files are there, what a folder holds, how large one is: the answers choose and go into the graph."""

import glob
import os
from pathlib import Path

import torch

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
        return x * len(glob.glob(str(HERE.parent / "impure_*.py")))  # expect: TD404


def build():
    return Chooses(), (torch.ones(3),)
