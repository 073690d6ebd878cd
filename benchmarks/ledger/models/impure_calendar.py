"""The date, the local time and a stopwatch imported by name."""

import time
from datetime import date
from time import monotonic

import torch


class Dated(torch.nn.Module):
    def forward(self, x):
        day = date.today().toordinal()  # expect: TD404
        hour = time.localtime().tm_hour  # expect: TD404
        return x + day + hour + monotonic()  # expect: TD404


def build():
    return Dated(), (torch.ones(3),)
