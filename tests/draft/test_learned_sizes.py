"""`learn_sizes`: sizes are rules learned from runs, right on other inputs or loud, and only where asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import torchdraft
from torchdraft._torch.library import has_written_fake

AUTO = torch.export.Dim.AUTO
RUNS: list[str] = []
"""The operators that this process ran."""


@torch.library.custom_op("td_learned::conv", mutates_args=())
def conv(x: Tensor, w: Tensor, step: int) -> Tensor:
    RUNS.append("conv")
    return F.conv1d(x, w, None, step).clone(memory_format=torch.contiguous_format)


@torch.library.custom_op("td_learned::capped", mutates_args=())
def capped(x: Tensor) -> Tensor:
    """The learned size is that of `x`: no call that is tried has more rows."""
    return x[:200].clone()


@torch.library.custom_op("td_learned::positive", mutates_args=())
def positive(x: Tensor) -> Tensor:
    return x[x[:, 0] > 0].clone()


@torch.library.custom_op("td_learned::lying", mutates_args=())
def lying(x: Tensor) -> Tensor:
    return x[::2].clone()


@lying.register_fake
def _(x: Tensor) -> Tensor:
    return x.new_empty((x.shape[0] // 2, *x.shape[1:]))  # right for even sizes


@torch.library.custom_op("td_learned::writing", mutates_args={"x"})
def writing(x: Tensor) -> Tensor:
    RUNS.append("writing")
    x.add_(1)
    return x[:2].clone()


@torch.library.custom_op("td_learned::hashed", mutates_args=())
def hashed(x: Tensor) -> Tensor:
    """No rule describes the number of rows."""
    return x.new_zeros((x.shape[0] * 2654435761 % 97 + 1, x.shape[1]))


class Calls(torch.nn.Module):
    def __init__(self, op: Any, *numbers: int) -> None:
        super().__init__()
        self.op = op
        self.numbers = numbers

    def forward(self, *tensors):
        out = self.op(*tensors, *self.numbers)
        return out * 2, torch.cat([out, out])


def drafted(op: Any, example: tuple[Tensor, ...], *numbers: int, **options: Any) -> torch.export.ExportedProgram:
    shapes = tuple(dict.fromkeys(range(tensor.dim()), AUTO) for tensor in example)
    return torchdraft.draft_export(Calls(op, *numbers), example, dynamic_shapes=(shapes,), **options)


def free_symbols(program: torch.export.ExportedProgram) -> set[str]:
    """The sizes in the program that no input decides."""
    values = [node.meta.get("val") for node in program.graph.nodes]
    sizes = [size for value in values if isinstance(value, Tensor) for size in value.shape]
    symbols = {s for size in sizes if isinstance(size, torch.SymInt) for s in size.node.expr.free_symbols}
    return {symbol.name for symbol in symbols if symbol.name.startswith("u")}


def messages(program: torch.export.ExportedProgram, code: str) -> list[str]:
    return [issue.message for issue in program._report.issues if issue.code == code]


CONV = (torch.randn(2, 3, 20), torch.randn(4, 3, 5))
OTHERS = ((torch.randn(3, 3, 31), torch.randn(6, 3, 4)), (torch.randn(5, 3, 9), torch.randn(2, 3, 4)))


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # run_decompositions of torch
def test_the_sizes_of_an_operator_without_a_kernel_follow_from_the_inputs(tmp_path: Path) -> None:
    assert len(free_symbols(drafted(conv, CONV, 2))) == 3
    program = drafted(conv, CONV, 2, learn_sizes=True)
    assert not free_symbols(program)
    (message,) = messages(program, "TD301")
    assert "learned from" in message
    torchdraft.save(program, tmp_path / "learned.pt2")
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
    for each in (program, torchdraft.load(tmp_path / "learned.pt2"), decomposed):
        for args in (CONV, *OTHERS):
            torch.testing.assert_close(each.module()(*args), Calls(conv, 2)(*args))


def test_a_rule_that_is_wrong_elsewhere_is_loud_there() -> None:
    program = drafted(capped, (torch.randn(9, 3),), learn_sizes=True)
    assert not free_symbols(program)
    args = (torch.randn(150, 4),)
    torch.testing.assert_close(program.module()(*args), Calls(capped)(*args))
    with pytest.raises(RuntimeError, match="200"):
        program.module()(torch.randn(201, 3))


def test_a_size_that_data_decides_stays_free_and_the_others_do_not() -> None:
    example = (torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0], [2.0, 1.0, 0.0]]),)
    assert len(free_symbols(drafted(positive, example))) == 2
    program = drafted(positive, example, learn_sizes=True)
    assert len(free_symbols(program)) == 1
    for args in ((torch.randn(20, 5),), (-torch.ones(4, 2),)):
        torch.testing.assert_close(program.module()(*args), Calls(positive)(*args))


def test_a_wrong_kernel_is_reported_and_replaced_by_the_learned_one() -> None:
    program = drafted(lying, (torch.randn(9, 3),), learn_sizes=True)
    assert not free_symbols(program)
    (message,) = messages(program, "TD302")
    assert "really [5, 3]" in message
    assert "learned from" in message
    for rows in (8, 9, 31):
        args = (torch.randn(rows, 3),)
        torch.testing.assert_close(program.module()(*args), Calls(lying)(*args))


def test_without_the_option_and_for_operators_that_write_nothing_is_run_beside_the_draft() -> None:
    RUNS.clear()
    drafted(conv, CONV, 2)
    assert RUNS.count("conv") < 5  # for the signature, by the eager model, and by the program that is compared with it
    RUNS.clear()
    program = drafted(writing, (torch.ones(4, 3),), learn_sizes=True)
    once = len(RUNS)
    RUNS.clear()
    drafted(writing, (torch.ones(4, 3),))
    assert len(RUNS) == once
    (message,) = messages(program, "TD301")
    assert "that needs an operator that declares no write" in message


def test_a_size_without_a_rule_stays_free_and_the_report_says_why() -> None:
    program = drafted(hashed, (torch.randn(9, 3),), learn_sizes=True)
    assert free_symbols(program)
    (message,) = messages(program, "TD301")
    assert "not learned" in message
    args = (torch.randn(12, 3),)
    torch.testing.assert_close(program.module()(*args), Calls(hashed)(*args))


def test_nothing_stays_registered() -> None:
    drafted(conv, CONV, 2, learn_sizes=True)
    assert not has_written_fake(torch.ops.td_learned.conv.default)
    with pytest.raises(Exception, match="fake"):
        torch.export.export(Calls(conv, 2), CONV)


def test_a_switch_is_a_bool() -> None:
    with pytest.raises((TypeError, ValueError), match="learn_sizes"):
        drafted(conv, CONV, 2, learn_sizes="yes")


@pytest.mark.parametrize("options", [{"strict": True}, {"paths": "all"}, {"pre_dispatch": False}])
def test_it_goes_with_other_options(options: dict[str, Any]) -> None:
    program = drafted(conv, CONV, 2, learn_sizes=True, **options)
    assert not free_symbols(program)
    for args in (CONV, *OTHERS):
        torch.testing.assert_close(program.module()(*args), Calls(conv, 2)(*args))
