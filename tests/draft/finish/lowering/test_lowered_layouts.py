"""A lowered program is functional: what it fixed by the layout of the example is asserted or reported."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch

import torchdraft

D = torch.export.Dim.AUTO
X = torch.arange(24.0).reshape(4, 6)
TURNED = X.t().contiguous().t()
Function = Callable[[torch.Tensor], object]


def write_result(x):
    x.contiguous().add_(1)
    return x * 1


def write_argument(x):
    y = x.reshape(-1)
    x.add_(1)
    return y * 1


def write_view(x):
    y = x.t().contiguous()
    y[0].add_(1)
    return x * 1


def restride(x):
    return x.contiguous().as_strided((2, 2), (1, 1)) * 1


def write_in_region(x):
    y = x.flatten()
    with torch.no_grad():
        y.add_(1)
    return x * 1


def write_computed(x):
    h = x * 2
    h.contiguous().add_(1)
    return h * 1


def no_write(x):
    return x.contiguous() + 1


def write_to_last_use(x):
    h = (x * 2).flatten()
    h.add_(1)
    return h


def write_before(x):
    h = x * 2
    h.add_(1)
    return h.contiguous() * 1


class Model(torch.nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def drafted(function: Function, example: torch.Tensor, **options: object) -> torch.export.ExportedProgram:
    return torchdraft.draft_export(Model(function), (copy.deepcopy(example),), pre_dispatch=False, **options)


def layouts_told(program: torch.export.ExportedProgram) -> list[str]:
    return [str(issue.severity) for issue in program._report.issues if issue.code == "TD104"]


class Flat(torch.nn.Module):
    def forward(self, x):
        y = x.flatten()
        x.add_(1)
        return y * 1


def test_the_report_names_the_line():
    (issue,) = [
        issue
        for issue in torchdraft.draft_export(Flat(), (X.clone(),), pre_dispatch=False)._report.issues
        if issue.code == "TD104"
    ]
    assert issue.location.source.strip() == "y = x.flatten()"
    assert "`flatten` returns a view or a copy" in issue.message


@pytest.mark.parametrize("function", [write_result, write_argument, write_view, restride, write_in_region])
@pytest.mark.parametrize("example", [X, TURNED], ids=["contiguous", "turned"])
def test_the_layout_of_an_input_is_asserted(function, example):
    other = TURNED if example is X else X
    for dims in (None, ({0: D, 1: D},)):
        program = drafted(function, example, dynamic_shapes=dims)
        assert layouts_told(program) == ["guarded"]
        ours, theirs = copy.deepcopy(example), copy.deepcopy(example)
        assert torch.equal(program.module()(ours), function(theirs))
        assert torch.equal(ours, theirs)
        with pytest.raises(RuntimeError, match="laid out"):
            program.module()(copy.deepcopy(other))


def test_the_assertion_follows_the_sizes():
    program = drafted(write_result, X, dynamic_shapes=({0: D, 1: D},))
    x = torch.randn(5, 3)
    assert torch.equal(program.module()(x.clone()), x + 1)


def test_the_layout_of_a_computed_tensor_is_baked():
    program = drafted(write_computed, X)
    assert layouts_told(program) == ["baked"]


@pytest.mark.parametrize("function", [no_write, write_to_last_use, write_before])
def test_nothing_is_asserted_where_a_view_and_a_copy_are_the_same(function):
    program = drafted(function, X)
    assert layouts_told(program) == []
    if function is not write_to_last_use:  # its fixed `view` raises for another layout in torch's decomposition
        assert torch.equal(program.module()(copy.deepcopy(TURNED)), function(copy.deepcopy(TURNED)))


def read_strides(x):
    return x * 2 if x.is_contiguous() else x * 3


def read_strides_of_view(x):
    return x * 2 if x.t().is_contiguous() else x * 3


@pytest.mark.parametrize("function", [read_strides, read_strides_of_view])
def test_a_read_of_strides_stays_asserted(function):
    program = drafted(function, X, dynamic_shapes=({0: D},))
    assert layouts_told(program) == ["guarded"]
    with pytest.raises(RuntimeError, match="laid out"):
        program.module()(copy.deepcopy(TURNED))


def test_the_strides_of_a_copy_need_no_assertion():
    program = drafted(lambda x: x * 2 if x.contiguous().is_contiguous() else x, X)
    assert torch.equal(program.module()(copy.deepcopy(TURNED)), X * 2)
