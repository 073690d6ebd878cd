"""A TorchBind class of torch's own tests, with a fake class."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

LIBRARY = Path(torch.__file__).parent / "lib" / "libtorchbind_test.so"
NEEDED = pytest.mark.skipif(not LIBRARY.exists(), reason="torch comes without its test classes here")
_FOO = "_TorchScriptTesting::_Foo"
ARGUMENT = f"__torch__.torch.classes.{_FOO.replace('::', '.')} foo"
"""A Foo among the arguments of a schema."""


class FakeFoo:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    @classmethod
    def __obj_unflatten__(cls, state: Any) -> FakeFoo:
        return cls(**dict(state))

    def add_tensor(self, z: torch.Tensor) -> torch.Tensor:
        return (self.x + self.y) * z


@contextmanager
def operators_of_foo(namespace: str) -> Iterator[torch.library.Library]:
    """A library for operators that take a Foo, whose fake class is registered meanwhile."""
    torch.ops.load_library(LIBRARY)
    torch._library.register_fake_class(_FOO, FakeFoo)
    try:
        with torch.library._scoped_library(namespace, "FRAGMENT") as made:
            yield made
    finally:
        torch._library.fake_class_registry.deregister_fake_class(_FOO)
