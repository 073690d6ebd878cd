"""A temporary fake kernel replaces the operator's own, and is removed completely."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from torchdraft._torch.patches.fake_kernels import temporary_fake_kernel

LIBRARY = torch.library.Library("temporary_kernels", "DEF")
LIBRARY.define("doubled(Tensor x) -> Tensor")
LIBRARY.impl("doubled", lambda x: x * 2, "CPU")


@torch.library.custom_op("temporary_kernels::tripled", mutates_args=())
def tripled(x: torch.Tensor) -> torch.Tensor:
    return x * 3


@pytest.mark.parametrize("name", ["doubled", "tripled"])
def test_an_operator_without_fake_kernel_has_none_afterwards(name: str) -> None:
    op = getattr(torch.ops.temporary_kernels, name)
    with FakeTensorMode() as mode:
        x = mode.from_tensor(torch.ones(3))
        with temporary_fake_kernel(f"temporary_kernels::{name}", lambda x: x.new_empty(5)):
            assert op(x).shape == (5,)
        with pytest.raises(Exception, match=r"fake|temporary_kernels.doubled"):
            op(x)
