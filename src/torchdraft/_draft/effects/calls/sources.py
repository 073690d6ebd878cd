"""The functions that return another value in each call or each process, by source. A trace bakes what they returned."""

from __future__ import annotations

import builtins
import datetime
import io
import os
import random
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy
import torch

from torchdraft._stack.frame_kinds import is_framework, is_library
from torchdraft._stack.transparent import is_transparent
from torchdraft._torch import files

CallerTest = Callable[[FrameType | None], bool]
"""Given the frame of a caller: whether the call is the model's doing."""


@dataclass(frozen=True, slots=True)
class WatchedFunction:
    """A function, as an attribute of a module or a class."""

    owner: Any
    name: str
    label: str
    """What the report calls it."""
    by_model: CallerTest


@dataclass(frozen=True, slots=True)
class WatchedClass:
    """A class, as an attribute of a module."""

    owner: Any
    name: str
    methods: tuple[str, ...] = ()
    """The class methods whose calls count. Where there are none, making an instance counts."""

    @property
    def label(self) -> str:
        """What the report calls the making of an instance."""
        return f"{self.owner.__name__}.{self.name}"


@dataclass(frozen=True, slots=True)
class Source:
    """One source of values that the inputs do not determine."""

    name: str
    why: str
    functions: tuple[WatchedFunction, ...]
    classes: tuple[WatchedClass, ...] = ()
    only_if_named: bool = False
    """Whether the functions are replaced only if the model's code names them: torch calls them all the time."""


def called_by_model(frame: FrameType | None) -> bool:
    """Whether the call stands in the model's code, not in that of torch or of Python's library."""
    return frame is not None and not is_framework(frame.f_code)


def _called_through(*modules: str) -> CallerTest:
    """A test whether the model's code makes the call, directly or through functions of `modules`."""

    def test(frame: FrameType | None) -> bool:
        while frame is not None and frame.f_globals.get("__name__") in modules:
            frame = frame.f_back
        return called_by_model(frame)

    return test


_OPENS_FOR_ITSELF = frozenset(
    {
        "linecache",
        "tempfile",
        "tokenize",
        "inspect",
        "traceback",
        "importlib",
        "warnings",
        "logging",
        "ast",
    }
)
"""Modules of Python's library that open files for their own purposes, not for their caller."""


def _opened_for_model(frame: FrameType | None) -> bool:
    """Whether a file is opened for the model: by its code, or by a library on its behalf."""
    while frame is not None and is_framework(frame.f_code):
        module, file = str(frame.f_globals.get("__name__", "")).partition(".")[0], frame.f_code.co_filename
        opens_for_caller = is_library(frame.f_code) or file == files.SERIALIZATION or is_transparent(file)
        if module in _OPENS_FOR_ITSELF or not opens_for_caller:
            return False
        frame = frame.f_back
    return frame is not None


def _functions(module: Any, *names: str) -> Iterator[WatchedFunction]:
    for name in names:
        if hasattr(module, name):  # `os.getrandom` is not on every system
            yield WatchedFunction(module, name, f"{module.__name__}.{name}", called_by_model)


def _classes(module: Any, names: Iterable[str]) -> tuple[WatchedClass, ...]:
    return tuple(WatchedClass(module, name) for name in names)


_STATE = frozenset({"seed", "getstate", "setstate", "get_state", "set_state", "set_bit_generator", "get_bit_generator"})
"""Methods that set or return the state of a generator. They draw nothing."""


def _drawing(module: Any, generator: Any) -> Iterator[WatchedFunction]:
    """The functions of a module that draw from the generator of the whole process: they are its bound methods."""
    names = (name for name in dir(module) if not name.startswith("_") and name not in _STATE)
    return _functions(module, *(n for n in names if getattr(getattr(module, n), "__self__", None) is generator))


_NUMPY_SEEDED = ("RandomState", "SeedSequence", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
TAKE_A_SEED = frozenset({"random.Random", *(f"numpy.random.{name}" for name in ("default_rng", *_NUMPY_SEEDED))})
"""Labels of what returns the same in every call if it is given a seed."""

SOURCES = (
    Source(
        name="gradient mode",
        why="The program repeats whether gradients were on, and whether operations were cast, which its caller may "
        "change.",
        functions=(*_functions(torch, "is_grad_enabled", "is_inference_mode_enabled", "is_autocast_enabled"),),
        only_if_named=True,
    ),
    Source(
        name="clock",
        why="The program repeats the time of the trace.",
        functions=(
            *_functions(time, "time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns"),
            *_functions(time, "process_time", "process_time_ns", "localtime", "gmtime", "ctime", "strftime"),
        ),
        classes=(
            WatchedClass(datetime, "datetime", ("now", "utcnow", "today")),
            WatchedClass(datetime, "date", ("today",)),
        ),
    ),
    Source(
        name="uuid",
        why="The program repeats a name that must be unique.",
        functions=(*_functions(uuid, "uuid1", "uuid4"),),
    ),
    Source(
        name="secrets",
        why="The program repeats bytes that must be unpredictable. `secrets.SystemRandom` is a class of `random`.",
        functions=(
            *_functions(secrets, "token_bytes", "token_hex", "token_urlsafe", "randbits", "randbelow", "choice"),
            *_functions(os, "urandom", "getrandom"),
        ),
        classes=(WatchedClass(random, "SystemRandom"), WatchedClass(secrets, "SystemRandom")),
    ),
    Source(
        name="environment",
        why="The program repeats the variable of the process that traced it. All reads of `os.environ` end here.",
        functions=(
            WatchedFunction(type(os.environ), "__getitem__", "os.environ", _called_through("os", "collections.abc")),
        ),
    ),
    Source(
        name="files",
        why="The program repeats the content of the file. NumPy opens some files from C, where `open` is not called.",
        functions=(
            *(WatchedFunction(owner, "open", "open", _opened_for_model) for owner in (builtins, io)),
            *_functions(numpy, "loadtxt", "genfromtxt", "fromfile", "memmap"),
        ),
    ),
    Source(
        name="Python RNG",
        why="The program repeats the numbers that were drawn during the trace.",
        functions=(*_drawing(random, random._inst),),
        classes=(WatchedClass(random, "Random"),),
    ),
    Source(
        name="NumPy RNG",
        why="The program repeats the numbers that were drawn during the trace.",
        functions=(
            *_drawing(numpy.random, numpy.random.mtrand._rand),
            *_functions(numpy.random, "default_rng"),
        ),
        classes=_classes(numpy.random, _NUMPY_SEEDED),
    ),
)
