"""Fake kernels of operators that take a TorchBind object."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

import torchdraft
from tests.torchbind import ARGUMENT, NEEDED, operators_of_foo

pytestmark = NEEDED


@pytest.fixture
def library() -> Iterator[torch.library.Library]:
    with operators_of_foo("torchdraft_bind") as made:
        made.define(f"padded({ARGUMENT}, Tensor x, int n) -> Tensor")
        made.impl("padded", lambda foo, x, n: torch.nn.functional.pad(x, [0, n]), "CompositeExplicitAutograd")
        yield made


def test_an_operator_with_an_object(library: torch.library.Library) -> None:
    foo = torch.classes._TorchScriptTesting._Foo(3, 4)
    with pytest.raises(torchdraft.SynthesisError, match="side effects"):  # torch takes it that the object changes
        torchdraft.synthesize_fake_kernel("torchdraft_bind::padded", [(foo, torch.ones(3, 4), 2)])
    kernel = torchdraft.synthesize_fake_kernel("torchdraft_bind::padded", [(foo, torch.ones(3, 4), 2)], mutable=True)
    assert "x.shape[-1] + n" in kernel.source, kernel
    assert "the objects of the given calls" in kernel.domain[0]
    assert dict(kernel.checks)["other calls"].endswith("ok"), kernel.checks
