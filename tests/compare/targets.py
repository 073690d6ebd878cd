"""Targets of the tests, each loaded in a process of its own."""

import os
import time

import torch


class Branches(torch.nn.Module):
    def forward(self, x):
        print("running")
        if x.sum() > 0:
            return x * 2
        return x


class Dies(torch.nn.Module):
    def forward(self, x):
        os._exit(3)


class Hangs(torch.nn.Module):
    def forward(self, x):
        time.sleep(1000)
        return x


class Counts(torch.nn.Module):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.calls


def branches():
    return Branches(), (torch.ones(4, 3),), None, {"x": {0: torch.export.Dim.DYNAMIC}}


def plain():
    return torch.nn.Linear(3, 3), (torch.ones(4, 3),)


def dies():
    return Dies(), (torch.ones(2),)


def hangs():
    return Hangs(), (torch.ones(2),)


def counts():
    return Counts(), (torch.ones(2),)
