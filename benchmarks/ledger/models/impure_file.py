"""Reads a table from a file in every call."""

import json
from pathlib import Path

import torch

FILE = Path(__file__).with_suffix(".json")


class Calibrated(torch.nn.Module):
    def forward(self, x):
        with open(FILE) as file:  # expect: TD404
            table = json.load(file)
        return x * table["scale"]


def build():
    return Calibrated(), (torch.ones(3),)
