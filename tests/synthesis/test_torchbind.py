"""Fake kernels of operators that take a TorchBind object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import torchdraft

LIBRARY = Path(torch.__file__).parent / "lib" / "libtorchbind_test.so"
pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="torch comes without its test classes here")
FOO = "_TorchScriptTesting::_Foo"


class FakeFoo:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    @classmethod
    def __obj_unflatten__(cls, state: Any) -> FakeFoo:
        return cls(**dict(state))


@pytest.fixture
def library() -> Iterator[torch.library.Library]:
    torch.ops.load_library(LIBRARY)
    torch._library.register_fake_class(FOO, FakeFoo)
    try:
        with torch.library._scoped_library("torchdraft_bind", "FRAGMENT") as made:
            made.define(f"padded(__torch__.torch.classes.{FOO.replace('::', '.')} foo, Tensor x, int n) -> Tensor")
            made.impl("padded", lambda foo, x, n: torch.nn.functional.pad(x, [0, n]), "CompositeExplicitAutograd")
            yield made
    finally:
        torch._library.fake_class_registry.deregister_fake_class(FOO)


def test_an_operator_with_an_object(library: torch.library.Library) -> None:
    foo = torch.classes._TorchScriptTesting._Foo(3, 4)
    with pytest.raises(torchdraft.SynthesisError, match="side effects"):  # torch takes it that the object changes
        torchdraft.synthesize_fake_kernel("torchdraft_bind::padded", [(foo, torch.ones(3, 4), 2)])
    kernel = torchdraft.synthesize_fake_kernel("torchdraft_bind::padded", [(foo, torch.ones(3, 4), 2)], mutable=True)
    assert "x.shape[-1] + n" in kernel.source, kernel
    assert "the objects of the given calls" in kernel.domain[0]
    assert dict(kernel.checks)["other calls"].endswith("ok"), kernel.checks
