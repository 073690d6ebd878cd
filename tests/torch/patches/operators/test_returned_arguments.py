"""An operator that returns its argument gets a node of its own, and the argument keeps its node."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from torchdraft._torch.graph.returned_arguments import may_copy
from torchdraft._torch.patches.operators.returned_arguments import returned_arguments_kept_apart
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import Target

_aten = torch.ops.aten
_DISPATCH = "torch.fx.experimental.proxy_tensor:ProxyTorchDispatchMode.__torch_dispatch__"


def _patched(changes: Changes) -> None:
    target = Target.at(_DISPATCH)
    changes.attribute(target.owner, target.name, returned_arguments_kept_apart(target.value()))


def written_to(x: torch.Tensor) -> torch.Tensor:
    y = _aten.contiguous.default(x)
    y.add_(1)
    return x * 1


def test_the_argument_keeps_its_node() -> None:
    with Changes(_patched):
        traced = make_fx(written_to, pre_dispatch=True)(torch.ones(2, 3))
    x = torch.ones(3, 2).t()
    assert torch.equal(traced(x.clone(memory_format=torch.preserve_format)), written_to(x))


def test_upstream_takes_the_node_of_the_result_for_the_argument() -> None:
    """The test above would pass without the patch otherwise."""
    traced = make_fx(written_to, pre_dispatch=True)(torch.ones(2, 3))
    assert not torch.equal(traced(torch.ones(3, 2).t()), written_to(torch.ones(3, 2).t()))


@pytest.mark.parametrize(
    ("func", "arguments", "expected"),
    [
        (_aten.contiguous.default, (), True),
        (_aten.to.dtype, (torch.float32, False, False, torch.channels_last), True),
        (_aten.to.dtype, (torch.float32, False, False, torch.preserve_format), False),
        (_aten.to.dtype, (torch.float32,), False),
        (_aten.view.default, ([2],), False),
    ],
)
def test_which_operators_may_copy(func: Any, arguments: Any, expected: bool) -> None:
    assert may_copy(func, (torch.ones(2), *arguments)) is expected
