"""`torchdraft::call` returns what an operator returns, and raises where that is not what its description says."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from torchdraft.saved.operator_calls import CALL, DENSE, SCHEMA, Description, OtherResult, Output, encoded

LIB = torch.library.Library("td_saved_calls", "DEF")
RESULT: dict[str, Any] = {}
"""What `answer` returns."""


def define(schema, real):
    LIB.define(schema)
    LIB.impl(schema.partition("(")[0], real, "CompositeExplicitAutograd")


for kind in ("float", "int", "str", "Tensor", "Tensor?", "Tensor[]", "bool[]"):
    name = "answer_" + kind.replace("?", "_or_none").replace("[]", "s")
    define(f"{name}(Tensor x) -> {kind}", lambda x: RESULT["value"](x))
LIB.define("triple(Tensor x) -> Tensor")
LIB.impl("triple", lambda x: x * 3, "CompositeImplicitAutograd")


def _fill(x, value, other=None):
    x.fill_(value)


define("fill(Tensor(a!) x, float value, *, Tensor? other=None) -> ()", _fill)

F32: dict[str, Any] = {"dtype": "float32", "device": "cpu", "layout": "strided"}
X = torch.arange(6.0).reshape(2, 3)


def call(name, result, *outputs, x=X, numbers=(), **fields):
    """`torchdraft::call` of an operator that takes `x`."""
    described = Description(f"td_saved_calls::{name}", [{"tensor": 0}], {}, result, list(outputs), **fields)
    assert repr(Description.of(described.text())) == repr(described)
    return CALL(described.text(), [x], list(numbers))


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("answer_float", 0.5, 0.51),
        ("answer_float", float("nan"), 1.0),
        ("answer_float", float("inf"), 1.0),
        ("answer_int", 3, 4),
        ("answer_str", "up", "down"),
        ("answer_Tensor_or_none", None, X),
        ("answer_bools", [True, False], [True, True]),
        ("answer_bools", [True, False], [True]),
    ],
)
def test_plain_results_are_compared(name, value, other):
    RESULT["value"] = lambda x: value
    (flag,) = call(name, encoded(value))
    assert flag.dtype is torch.bool
    RESULT["value"] = lambda x: other
    with pytest.raises(OtherResult, match=f"td_saved_calls::{name} returned"):
        call(name, encoded(value))


def test_a_float_may_be_rounded_otherwise():
    RESULT["value"] = lambda x: 0.5 + 1e-7
    call("answer_float", 0.5)


TENSOR = {"tensor": 0}


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        (Output(**F32, sizes=(None, None)), lambda x: x * 2, lambda x: x.double()),
        (Output(**F32, sizes=(None, None)), lambda x: x * 2, lambda x: x.sum(0)),
        (Output(**F32, sizes=(None, None)), lambda x: x * 2, lambda x: x.to_sparse()),
        (Output(**F32, sizes=(None, 0)), lambda x: x * 2, lambda x: x[:, 1:] * 2),
        (Output(**F32, sizes=(None, None), strides=(0, 1)), lambda x: x * 2, lambda x: (x.t() * 2).contiguous().t()),
        (Output(**F32, sizes=(None, None), strides=(DENSE, DENSE)), lambda x: x * 2, lambda x: x.repeat(1, 2)[:, ::2]),
        (Output(**F32, sizes=(None, None), memory="own"), lambda x: x * 2, lambda x: x),
        (Output(**F32, sizes=(None, None), memory="view", strides=(0, 1), offset=0), lambda x: x, lambda x: x * 1),
        (Output(**F32, sizes=(None, None), memory="view", strides=(0, 1), offset=3), lambda x: x[1:], lambda x: x[:1]),
        (Output(**F32, sizes=(None, None), negated=False), lambda x: x * 2, lambda x: torch.complex(x, x).conj().imag),
        (Output(**F32, sizes=(None, None), offset=0), lambda x: x * 2, lambda x: torch.cat([x, x])[2:]),
    ],
)
def test_a_tensor_is_compared(wanted, right, wrong):
    RESULT["value"] = right
    out, _ = call("answer_Tensor", TENSOR, wanted, numbers=(3, 1))
    torch.testing.assert_close(out, right(X))
    assert out.untyped_storage().data_ptr() != X.untyped_storage().data_ptr()
    RESULT["value"] = wrong
    with pytest.raises(OtherResult, match="td_saved_calls::answer_Tensor returned"):
        call("answer_Tensor", TENSOR, wanted, numbers=(3, 1))


def test_the_length_of_a_list_is_compared():
    two = [Output(**F32, sizes=(None,))] * 2
    RESULT["value"] = lambda x: list(x.unbind(0))
    assert len(call("answer_Tensors", [{"tensor": 0}, {"tensor": 1}], *two)) == 3
    with pytest.raises(OtherResult, match="returned 3 results, and this program was made for 2 results"):
        call("answer_Tensors", [{"tensor": 0}, {"tensor": 1}], *two, x=torch.ones(3, 3))


def test_results_that_share_memory_come_with_a_copy_of_it():
    parts = [Output(**F32, sizes=(None,), memory="part", strides=(0,), offset=i) for i in (0, 1)]
    RESULT["value"] = lambda x: (lambda y: [y[:2], y[1:3]])(x.flatten() + 1)
    storages = [("float32", "cpu", 6)]
    result = [{"tensor": 0}, {"tensor": 1}]
    first, second, whole, _ = call("answer_Tensors", result, *parts, numbers=(1,), storages=storages)
    assert whole.tolist() == [1, 2, 3, 4, 5, 6]
    assert len({t.untyped_storage().data_ptr() for t in (first, second, whole)}) == 3
    RESULT["value"] = lambda x: [x.flatten()[:2] + 1, x.flatten()[1:3] + 1]
    with pytest.raises(OtherResult, match="share no memory"):
        call("answer_Tensors", result, *parts, numbers=(1,), storages=storages)


def filled(*tensors: torch.Tensor) -> list[torch.Tensor]:
    kwargs = {"other": {"tensor": 1}} if len(tensors) > 1 else {}
    text = Description("td_saved_calls::fill", [{"tensor": 0}, 7.0], kwargs, None, writes=[0]).text()
    return CALL(text, list(tensors), [])


def test_writes_go_to_copies():
    x = X.clone()
    written, _ = filled(x)
    assert torch.equal(x, X)
    assert (written == 7).all()
    with pytest.raises(OtherResult, match="shares memory with another one"):
        filled(x, x[0])


def test_gradients_are_those_of_the_operator():
    x = X.clone().requires_grad_()
    out, _ = call("triple", TENSOR, Output(**F32, sizes=(None, None)), x=x)
    out.sum().backward()
    assert (x.grad == 3).all()


def test_the_fake_kernel_follows_the_description_and_runs_nothing():
    def refuse(x):
        raise AssertionError("the operator ran")

    RESULT["value"] = refuse
    mode = FakeTensorMode(shape_env=ShapeEnv())
    with mode:
        wanted = Output(**F32 | {"dtype": "int64"}, sizes=(None, 0), order=(1, 0))
        out, _ = call("answer_Tensor", TENSOR, wanted, x=mode.from_tensor(X), numbers=(5,))
    assert out.dtype is torch.int64
    assert out.shape[1] == 5
    assert isinstance(out.shape[0], torch.SymInt)
    assert out.stride()[0] == 1


@pytest.mark.parametrize("value", [torch.float16, torch.strided, torch.device("cpu"), 1 + 2j, [1, None, "a"], True])
def test_plain_arguments_have_a_form(value):
    text = Description("td_saved_calls::fill", [encoded(value)], {}, None).text()
    assert Description.of(text).args == [encoded(value)]


@pytest.mark.parametrize("imports", ["torch, torchdraft", "torchdraft, torch"])
def test_importing_torchdraft_defines_it(imports):
    script = f"import {imports}; print(torch.ops.torchdraft.call.default._schema)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == f"torchdraft::{SCHEMA}"


def test_another_value_has_none():
    with pytest.raises(TypeError, match="no form in a program for object"):
        encoded(object())
