"""Queries of the file system that open no file."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import pytest
import torch

import torchdraft

SETTINGS = Path(__file__)
listdir = os.listdir


class Queries(torch.nn.Module):
    def __init__(self, query):
        super().__init__()
        self.query = query

    def forward(self, x):
        return x * 0 + float(self.query(self))


QUERIES = {
    f"Path.exists({str(SETTINGS)!r})": lambda _: SETTINGS.exists(),
    f"Path.is_dir({str(SETTINGS)!r})": lambda _: SETTINGS.is_dir(),
    f"Path.stat({str(SETTINGS)!r})": lambda _: SETTINGS.stat().st_size,
    f"os.path.exists({str(SETTINGS)!r})": lambda _: os.path.exists(SETTINGS),
    f"os.path.isfile({str(SETTINGS)!r})": lambda _: os.path.isfile(SETTINGS),
    f"os.path.getsize({str(SETTINGS)!r})": lambda _: os.path.getsize(SETTINGS),
    f"os.stat({str(SETTINGS)!r})": lambda _: os.stat(SETTINGS).st_size,
    f"os.access({str(SETTINGS)!r})": lambda _: os.access(SETTINGS, os.R_OK),
    f"os.listdir({str(SETTINGS.parent)!r})": lambda _: len(listdir(SETTINGS.parent)),
    f"os.scandir({str(SETTINGS.parent)!r})": lambda _: len(list(os.scandir(SETTINGS.parent))),
    "os.walk": lambda _: len(next(os.walk(SETTINGS.parent))),
    "Path.iterdir": lambda _: len(list(SETTINGS.parent.iterdir())),
    "Path.glob": lambda _: len(list(SETTINGS.parent.glob("*.py"))),
    "glob.glob": lambda _: len(glob.glob(str(SETTINGS.parent / "*.py"))),
}


@pytest.mark.parametrize("what", QUERIES)
def test_each_query_is_reported_at_its_line(what):
    (issue,) = torchdraft.draft_export(Queries(QUERIES[what]), (torch.ones(3),), check_on_example=False)._report.issues
    assert (issue.code, issue.expr) == ("TD404", what)
    assert "lambda" in issue.location.source


UNREPORTED = {
    "a folder made": lambda _: os.makedirs(SETTINGS.parent, exist_ok=True) or SETTINGS.parent.mkdir(exist_ok=True) or 1,
    "a path worked out": lambda _: len(SETTINGS.resolve().name) + len(os.path.join("a", os.path.basename("b/c"))),
}


@pytest.mark.parametrize("what", UNREPORTED)
def test_queries_with_the_same_answer_in_every_call_are_not_reported(what):
    assert torchdraft.draft_export(Queries(UNREPORTED[what]), (torch.ones(3),))._report.issues == ()


def test_functions_are_restored():
    torchdraft.draft_export(Queries(lambda _: os.path.exists(SETTINGS)), (torch.ones(3),), check_on_example=False)
    assert listdir is os.listdir
    assert os.stat.__module__ == "posix"
