"""What NumPy and native code write into a tensor's memory is in the program, and reported."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
import torch

import torchdraft

X = torch.tensor([1.0, 2.0, 3.0])


class ThroughArray(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        y.numpy()[0] = 9.0
        return y


class ThroughViewOfArray(torch.nn.Module):
    def forward(self, x):
        y = x.clone()
        tail = y.view(-1).numpy()[1:]
        tail[0] = 100.0
        first = y.sum()
        tail[1] = 1000.0
        return first, y.sum()


class ArraySeesWrites(torch.nn.Module):
    """The array shows what an operation wrote to the tensor after it was handed out."""

    def forward(self, x):
        y = x * 1
        array = y.numpy()
        y.add_(1)
        return x * float(array[1])


class ThroughOut(torch.nn.Module):
    def forward(self, x):
        y = torch.zeros(3)
        np.multiply(x.numpy(), 2, out=y.numpy())
        return y


class IntoInput(torch.nn.Module):
    def forward(self, x):
        x.numpy()[1] = 5.0
        return x + 1


class ThroughAddress(torch.nn.Module):
    def forward(self, x):
        y = torch.empty_like(x)
        ctypes.memmove(y.data_ptr(), x.data_ptr(), x.nbytes)
        return y + 1


class Recorded(torch.nn.Module):
    """The same where the model is recorded."""

    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError
        y = x * 2
        y.numpy()[0] = 9.0
        z = y + 1
        ctypes.memmove(y.data_ptr(), x.data_ptr(), x.nbytes)
        return z, y


ALL = [ThroughArray, ThroughViewOfArray, ArraySeesWrites, ThroughOut, IntoInput, ThroughAddress, Recorded]


@pytest.mark.parametrize("model", ALL)
def test_the_program_equals_eager_and_the_input_is_untouched(model):
    x = X.clone()
    program = torchdraft.draft_export(model(), (x,))
    assert torch.equal(x, X)
    torch.testing.assert_close(program.module()(X.clone()), model()(X.clone()))


@pytest.mark.parametrize("model", [ThroughArray, ThroughViewOfArray, ArraySeesWrites, ThroughOut, IntoInput])
def test_data_that_an_array_was_made_of_is_asserted(model):
    program = torchdraft.draft_export(model(), (X.clone(),))
    assert all(i.severity != "baked" for i in program._report.issues)
    with pytest.raises(RuntimeError, match="assertion"):
        program.module()(X + 1)


@pytest.mark.parametrize(
    ("model", "codes"),
    [
        (ThroughArray, ["TD103", "TD303"]),
        (ArraySeesWrites, ["TD103"]),
        (ThroughAddress, ["TD303"]),
        (IntoInput, ["TD103", "TD303", "TD401"]),
    ],
)
def test_writes_are_reported_and_reads_are_not_reported_as_writes(model, codes):
    report = torchdraft.draft_export(model(), (X.clone(),))._report
    assert [i.code for i in report.issues] == codes


def test_an_address_that_goes_into_a_table_is_a_read():
    class Keys(torch.nn.Module):
        def forward(self, x, y):
            seen = {x.data_ptr(): 1}
            seen.setdefault(y.data_ptr(), 2)
            return x * len(seen)

    report = torchdraft.draft_export(Keys(), (X.clone(), X.clone()))._report
    assert [(i.code, i.severity.value) for i in report.issues] == [("TD103", "baked")] * 2


def test_a_tensor_has_one_address():
    class Compares(torch.nn.Module):
        def forward(self, x):
            return x + 1 if x.data_ptr() == x.data_ptr() else x - 1

    program = torchdraft.draft_export(Compares(), (X.clone(),))
    torch.testing.assert_close(program.module()(X), X + 1)
