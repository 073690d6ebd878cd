"""Operators that take a TorchBind object: their programs are right or loud after a decomposition too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import torchdraft
from tests.torchbind import ARGUMENT, NEEDED, operators_of_foo

pytestmark = [NEEDED, pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")]  # run_decompositions of torch
AUTO = torch.export.Dim.AUTO


def padded(foo: Any, x: torch.Tensor, n: int) -> torch.Tensor:
    return torch.nn.functional.pad(foo.add_tensor(x), [0, n])


@pytest.fixture
def library() -> Iterator[torch.library.Library]:
    with operators_of_foo("td_bound") as made:
        for name in ("missing", "right", "lying"):
            made.define(f"{name}({ARGUMENT}, Tensor x, int n) -> Tensor")
            made.impl(name, padded, "CPU")
        for name, more in (("right", 0), ("lying", 1)):
            torch.library.register_fake(
                f"td_bound::{name}",
                lambda foo, x, n, more=more: x.new_empty((*x.shape[:-1], x.shape[-1] + n + more)),
                lib=made,
            )
        yield made


class Holds(torch.nn.Module):
    """Takes the size of the output for a number."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.op = getattr(torch.ops.td_bound, name)
        self.foo = torch.classes._TorchScriptTesting._Foo(3, 4)

    def forward(self, x):
        out = self.op(self.foo, x, 2)
        return out.sum(-1) / out.shape[-1]


class Given(Holds):
    def forward(self, x, foo):
        out = self.op(foo, x, 2)
        return out.sum(-1) / out.shape[-1]


CALLS = [torch.randn(5, 4), torch.randn(6, 7)]


def drafted(model: Holds) -> tuple[torch.export.ExportedProgram, list[tuple[Any, ...]]]:
    others = (model.foo,) if isinstance(model, Given) else ()
    shapes = ({0: AUTO, 1: AUTO}, *(None for _ in others))
    calls = [(x, *others) for x in CALLS]
    return torchdraft.draft_export(model, calls[0], dynamic_shapes=shapes), calls


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("cls", [Holds, Given])
@pytest.mark.parametrize("name", ["missing", "right", "lying"])
def test_a_program_decomposes_under_its_profiles(cls: type[Holds], name: str) -> None:
    model = cls(name)
    program, calls = drafted(model)
    assert program._report.rung == "symbolic"
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
    for each in (program, decomposed):
        for args in calls:
            torch.testing.assert_close(each.module()(*args), model(*args))


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("cls", [Holds, Given])
def test_a_decomposition_that_trusts_a_wrong_kernel_is_loud(cls: type[Holds]) -> None:
    program, calls = drafted(cls("lying"))
    decomposed = program.run_decompositions()
    for args in calls:
        with pytest.raises(RuntimeError, match="split_sizes to sum exactly"):
            decomposed.module()(*args)


@pytest.mark.usefixtures("library")
def test_a_decomposition_without_a_kernel_says_so() -> None:
    program, _ = drafted(Holds("missing"))
    with pytest.raises(Exception, match="td_bound"):
        program.run_decompositions()
