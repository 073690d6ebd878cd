"""Numbers from outside the graph: random numbers of Python and NumPy, clocks, the environment, files.

A trace freezes what they gave. The functions are watched where the model's code calls them: through their module, under
an imported name, or through another part of Python's library. A generator that moved unseen is told afterwards.
"""

from __future__ import annotations

import builtins
import datetime
import io
import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy

from torchdraft._draft.state.namespaces import Namespace, names_replaced
from torchdraft._stack.transparent import is_transparent
from torchdraft._stack.user_stack import here, in_an_import, is_framework, is_library
from torchdraft._torch import files
from torchdraft.model.events import ImpureCall

from .clock_answers import ClockAnswers
from .filesystem import watched_queries

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext

_CLOCKS = (
    *("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time"),
    *("process_time_ns", "localtime", "gmtime", "ctime", "strftime"),
)
_SECRETS = ("token_bytes", "token_hex", "token_urlsafe", "randbits", "randbelow", "choice")
_NUMPY_SEEDED = ("RandomState", "SeedSequence", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
_SEEDED = ("random.Random", *(f"numpy.random.{name}" for name in ("default_rng", *_NUMPY_SEEDED)))
"""The same in every call when they are given a seed."""
_CLASSES: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
    (datetime, "datetime", ("now", "utcnow", "today")),
    (datetime, "date", ("today",)),
    *((random, name, ()) for name in ("Random", "SystemRandom")),
    (secrets, "SystemRandom", ()),
    *((numpy.random, name, ()) for name in _NUMPY_SEEDED),
)
"""Classes with the methods that are watched; where there are none, making an object is."""
_NUMPY_FILES = ("loadtxt", "genfromtxt", "fromfile", "memmap")
"""They open files by ways that can't be watched; `numpy.load` does not."""
_THROUGH_ENVIRON = ("os", "collections.abc")
_NOT_FOR_THE_MODEL = (
    "linecache",
    "tempfile",
    "tokenize",
    "inspect",
    "traceback",
    "importlib",
    "warnings",
    "logging",
    "ast",
)
"""Modules of Python's library that open files for ends of their own."""


@contextmanager
def impure_calls_reported(context: TraceContext, answers: ClockAnswers, namespaces: list[Namespace]) -> Iterator[None]:
    """Emits an event for each call of the model's to one of the functions watched."""
    own: list[tuple[Any, str, Any]] = []
    watched: dict[int, Any] = {}
    for owner, name, label, asks in _functions():
        function = getattr(owner, name)
        own.append((owner, name, function))
        watched.setdefault(id(function), _watching(function, label, asks, context, answers))
    for owner, name, methods in _CLASSES:
        cls = getattr(owner, name)
        own.append((owner, name, cls))
        watched.setdefault(
            id(cls), _class_watching(cls, methods, context, answers, made="" if methods else f"{owner.__name__}.{name}")
        )
    for name, query in watched_queries(context):
        own.append((os, name, getattr(os, name)))
        watched[id(getattr(os, name))] = query
    imported = [(space, n, v) for space in namespaces for n, v in space.names.items() if id(v) in watched]
    for owner, name, function in own:
        setattr(owner, name, watched[id(function)])
    try:
        with names_replaced(imported, watched):
            yield
    finally:
        for owner, name, function in own:
            setattr(owner, name, function)


Asks = Callable[[FrameType | None], bool]


def _functions() -> Iterator[tuple[Any, str, str, Asks]]:
    """Owner, name, what an issue calls it, and who has to ask for it to be told."""
    for name in _bound_to(random, random._inst):
        yield random, name, f"random.{name}", _model_asks
    for name in _CLOCKS:
        yield time, name, f"time.{name}", _model_asks
    yield from ((uuid, name, f"uuid.{name}", _model_asks) for name in ("uuid1", "uuid4"))
    yield from ((secrets, name, f"secrets.{name}", _model_asks) for name in _SECRETS)
    yield from ((os, name, f"os.{name}", _model_asks) for name in ("urandom", "getrandom") if hasattr(os, name))
    yield type(os.environ), "__getitem__", "os.environ", _asks_through(_THROUGH_ENVIRON)
    for owner in (builtins, io):
        yield owner, "open", "open", _asks_for_file
    for name in _bound_to(numpy.random, numpy.random.mtrand._rand):
        yield numpy.random, name, f"numpy.random.{name}", _model_asks
    yield numpy.random, "default_rng", "numpy.random.default_rng", _model_asks
    for name in _NUMPY_FILES:
        yield numpy, name, f"numpy.{name}", _model_asks


def _bound_to(module: Any, instance: Any) -> list[str]:
    """Functions of a module that are methods of its own generator; those that only set or give its state are left."""
    methods = ((n, getattr(module, n)) for n in dir(module) if not n.startswith("_"))
    quiet = ("seed", "getstate", "setstate", "get_state", "set_state", "set_bit_generator", "get_bit_generator")
    return [n for n, f in methods if getattr(f, "__self__", None) is instance and n not in quiet]


def _watching(
    own: Callable[..., Any], what: str, asks: Asks, context: TraceContext, answers: ClockAnswers, first: int = 0
) -> Callable[..., Any]:
    """`own`, watched. The first arguments are left out for it: the class, where it makes an object."""

    def watched(*args: Any, **kwargs: Any) -> Any:
        args = args[first:]
        caller = sys._getframe(1)
        told = (
            not context.hooks.threads.is_foreign()
            and asks(caller)
            and not in_an_import(caller)
            and not _given_its_seed(what, args, kwargs)
            and not _writes(what, args, kwargs)
        )
        if not told:
            return own(*args, **kwargs)
        event, absent = ImpureCall(what=_named(what, args), **here(2)), False
        try:
            return answers.answer(what, own(*args, **kwargs))
        except KeyError:
            absent = what == "os.environ"
            raise
        finally:
            context.log.emit(replace(event, absent=absent))

    return watched


def _named(what: str, args: Any) -> str:
    """What was read: of the environment and of files, which one."""
    if what == "os.environ":
        return f"os.environ[{args[1]!r}]"
    return f"open({str(args[0])!r})" if what == "open" and args else what


def _given_its_seed(what: str, args: Any, kwargs: Any) -> bool:
    return what in _SEEDED and any(value is not None for value in (*args, *kwargs.values()))


def _writes(what: str, args: Any, kwargs: Any) -> bool:
    """Whether a file is opened to be written only: that is an effect, and no number comes from it."""
    mode = str(kwargs.get("mode", args[1] if len(args) > 1 else "r"))
    return what == "open" and "r" not in mode and "+" not in mode


def _class_watching(
    own: Any, methods: tuple[str, ...], context: TraceContext, answers: ClockAnswers, made: str = ""
) -> Any:
    """A class that is `own` to everybody, and tells when one of its `methods` is called.

    `made` is what making one is called, where that is told.
    """

    class Like(type(own)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, own)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, own)

    def make(_cls: Any, *args: Any, **kwargs: Any) -> Any:
        return own(*args, **kwargs)

    if made:
        make = _watching(own, made, _model_asks, context, answers, first=1)

    label = f"{own.__module__}.{own.__name__}"
    told = {n: staticmethod(_watching(getattr(own, n), f"{label}.{n}", _model_asks, context, answers)) for n in methods}
    return Like(own.__name__, (own,), {"__new__": make, "__module__": own.__module__, **told})


def _model_asks(frame: FrameType | None) -> bool:
    """The call stands in code of the model's, not in torch's or in Python's library."""
    return frame is not None and not is_framework(frame.f_code)


def _asks_through(modules: tuple[str, ...]) -> Asks:
    """The call stands in code of the model's, some functions of Python's library between."""

    def asks(frame: FrameType | None) -> bool:
        while frame is not None and frame.f_globals.get("__name__") in modules:
            frame = frame.f_back
        return _model_asks(frame)

    return asks


def _opens_for_caller(file: str) -> bool:
    return file == files.SERIALIZATION or is_transparent(file)


def _asks_for_file(frame: FrameType | None) -> bool:
    while frame is not None and is_framework(frame.f_code):
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        theirs = is_library(frame.f_code) or _opens_for_caller(frame.f_code.co_filename)
        if module in _NOT_FOR_THE_MODEL or not theirs:
            return False
        frame = frame.f_back
    return frame is not None
