"""Runs the code of a rule's page and returns the model and inputs that it defines."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import torch


@dataclass(frozen=True, slots=True)
class Example:
    """The names that an example defines.

    `model` is the one that the example creates (under `fake_weights()`), or else an instance of its `Model`.
    """

    file: str
    model: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    dynamic_shapes: Any
    strict: bool
    paths: Literal["example", "all"]


@contextmanager
def running(code: str, name: str) -> Iterator[Example]:
    """Run `code` as a new module, which can be imported within this block, because Dynamo does so.

    The source is added to `linecache`, so that issues show the line.
    """
    file = f"<doctest {name}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    module = ModuleType(f"torchdraft_example_{name}")
    sys.modules[module.__name__] = module
    try:
        exec(compile(code, file, "exec"), vars(module))
        yield _example(file, vars(module))
    finally:
        del sys.modules[module.__name__]


def _example(file: str, scope: Mapping[str, Any]) -> Example:
    return Example(
        file=file,
        model=scope["model"] if "model" in scope else scope["Model"](),
        args=scope["args"],
        kwargs=scope.get("kwargs") or {},
        dynamic_shapes=scope.get("dynamic_shapes"),
        strict=scope.get("strict", False),
        paths=scope.get("paths", "example"),
    )
