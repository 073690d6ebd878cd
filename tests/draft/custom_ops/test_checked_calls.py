"""Calls that assertions cannot describe become `torchdraft::call`, which goes wherever a program goes."""

from __future__ import annotations

import io

import pytest
import torch

import torchdraft
from tests.draft.custom_ops.ops import Nested, example
from torchdraft._draft.custom_ops import op_guards
from torchdraft.saved.operator_calls import CALL

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # run_decompositions

LIB = torch.library.Library("td_checked", "DEF")
OPS = torch.ops.td_checked


def define(schema, real, fake=None):
    name = schema.partition("(")[0]
    LIB.define(schema)
    LIB.impl(name, real, "CPU")
    if fake is not None:
        torch.library.register_fake(f"td_checked::{name}", fake, lib=LIB)


define("mixed(Tensor x) -> (Tensor, int, float, str)", lambda x: (x * 2, int((x > 0).sum()), float(x.mean()), "up"))
define("rows(Tensor x) -> Tensor[]", lambda x: [r * 2 for r in x if r.sum() > -50])
define("maybe(Tensor x) -> Tensor?", lambda x: x * 2 if x.sum() > 0 else None)
define("same(Tensor x) -> Tensor", lambda x: x)
define("halves(Tensor x) -> Tensor[]", lambda x: list((x + 1).split([1, x.shape[0] - 1])))
define("add_(Tensor(a!) x) -> Tensor(a!)", lambda x: x.add_(1))
define("unsaid(Tensor x) -> Tensor", lambda x: x.add_(1) * 2)
define("wide(Tensor x) -> Tensor", lambda x: x.double(), torch.empty_like)
define("moody(Tensor x) -> Tensor", lambda x: x * 1 if x.sum() > 0 else (x.t() * 1).contiguous().t())
define("shifted(Tensor x) -> Tensor", lambda x: torch.cat([x, x])[int(x.sum() > 0) :])


def _mixed(x):
    out, number, mean, word = OPS.mixed(x)
    return out * number + mean + len(word)


def _written_half(x):
    halves = OPS.halves(x)
    halves[0].add_(1)
    return torch.cat(halves)


def _written(op):
    def model(x):
        y = x + 1
        z = op(y)
        z.add_(1)
        return y + z

    return model


MODELS = {
    "numbers and a text": _mixed,
    "length of a list": lambda x: sum(OPS.rows(x)),
    "None": lambda x: x if (y := OPS.maybe(x)) is None else y + x,
    "alias that is written": _written(OPS.same),
    "results that share memory": _written_half,
    "in place": lambda x: (lambda y: OPS.add_(y) + y)(x * 2),
    "undeclared write": lambda x: (lambda y: OPS.unsaid(y) + y)(x * 2),
    "wrong fake kernel": lambda x: OPS.wide(x) + 1,
    "strides that are read": lambda x: x + 1 if OPS.moody(x).is_contiguous() else x - 1,
    "offset that is read": lambda x: x + OPS.shifted(x).storage_offset(),
}
ANY_DATA = {"in place", "undeclared write", "wrong fake kernel", "alias that is written", "results that share memory"}
"""Models whose programs are right for all data."""


def draft(name):
    return torchdraft.draft_export(Nested(MODELS[name]), (example(),))


def uses(program):
    """The program, loaded from a file, decomposed, and exported again, none with a profile of the operator."""
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    return [
        program,
        torch.export.load(file),
        program.run_decompositions(),
        torch.export.export(program.module(), (example(),)),
    ]


@pytest.mark.parametrize("name", MODELS)
def test_a_compared_call_is_right_or_raises_wherever_the_program_goes(name):
    program = draft(name)
    assert program.graph.find_nodes(op="call_function", target=CALL)
    assert program._report.rung == "symbolic"
    for used in uses(program):
        module = used.module()
        torch.testing.assert_close(module(example()), MODELS[name](example()))
        if name in ANY_DATA:
            torch.testing.assert_close(module(-example()), MODELS[name](-example()))
        else:
            with pytest.raises(RuntimeError):
                module(-example() - 20)


@pytest.mark.parametrize("name", ["strides that are read", "alias that is written", "wrong fake kernel"])
def test_without_the_comparison_a_use_goes_wrong(name, monkeypatch):
    """The test above would prove nothing if plain assertions did the same."""
    monkeypatch.setattr(op_guards, "needs_comparison", lambda *args: False)
    program = torchdraft.draft_export(Nested(MODELS[name]), (example(),), check_on_example=False)
    with pytest.raises((AssertionError, RuntimeError, NotImplementedError, torch._dynamo.exc.UserError)):  # noqa: PT012
        with torchdraft.unsafe_generate_fake_kernels(
            {} if name == "wrong fake kernel" else program._report.op_profiles
        ):
            used = program.run_decompositions().module()
        other = example() if name in ANY_DATA else -example() - 20
        torch.testing.assert_close(used(other), MODELS[name](other))


def test_undeclared_writes_and_tuples_are_reported():
    define("tuple_for_list(Tensor x) -> Tensor[]", lambda x: (x + 1, x + 2))
    (write,) = [i for i in draft("undeclared write")._report.issues if i.code == "TD302"]
    assert "writes to its argument `x`, which its schema does not declare" in write.message
    program = torchdraft.draft_export(Nested(lambda x: sum(OPS.tuple_for_list(x))), (example(),))
    (returned,) = [i for i in program._report.issues if i.code == "TD302"]
    assert "The schema of" in returned.message
    assert "returns a tuple, and its schema declares a list" in returned.message


def test_an_issue_names_the_node_of_the_call():
    program = draft("length of a list")
    (issue,) = [i for i in program._report.issues if i.code == "TD301"]
    assert issue.node == program.graph.find_nodes(op="call_function", target=CALL)[0].name


def test_arguments_that_share_memory_stay_as_they_are():
    define("into(Tensor x, Tensor(a!) y) -> Tensor(a!)", lambda x, y: y.copy_(x * 2))

    def model(x):
        y = x + 1
        OPS.into(y, y.view(-1).view_as(y))
        return y

    program = torchdraft.draft_export(Nested(model), (example(),))
    assert not program.graph.find_nodes(op="call_function", target=CALL)
    torch.testing.assert_close(program.module()(example()), model(example()))


def test_a_model_without_custom_operators_has_no_further_nodes():
    program = torchdraft.draft_export(Nested(lambda x: x.t().contiguous() + x.stride(0)), (example(),))
    assert not [n for n in program.graph.nodes if n.target in (CALL, torch.ops.aten.split_with_sizes.default)]
