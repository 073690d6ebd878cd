"""Checks the promises of an exporter on random programs.

`python -m tests.fuzz --n 2000` checks torchdraft; `run(n, seed, exporter)` does so from Python.
"""

from __future__ import annotations

from . import planted
from .check import Finding, Verdict, check
from .generate import generate
from .program import Program
from .runner import run
from .shrink import shrink
from .summary import Summary

__all__ = ["Finding", "Program", "Summary", "Verdict", "check", "generate", "planted", "run", "shrink"]
