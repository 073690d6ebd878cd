"""The code of a rule's page, as something to draft."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Example:
    """The names that an example defines.

    `model` where it makes one of its own (under `fake_weights()`), otherwise `Model()`.
    """

    file: str
    model: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    dynamic_shapes: Any
    strict: bool


@contextmanager
def running(code: str, name: str) -> Iterator[Example]:
    """What `code` defines, run anew, as a module that can be imported in this block: Dynamo does so.

    The source stays known to `linecache`: issues show the line.
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
    )
