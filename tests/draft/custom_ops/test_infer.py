"""Operators without a fake kernel run once for real, their outputs are inferred, and they are reported."""

import io

import pytest
import torch

import torchdraft
from tests.draft.custom_ops.ops import CALLS, MODELS, OPS, Nested, example

PLAIN = {"float", "bool", "str", "ints"}
"""Results that a symbol cannot represent. They become constants that the program compares, which is reported."""


def plain(tensor):
    return tensor.to_dense() if tensor.layout is torch.sparse_coo else tensor


def codes(program):
    return [issue.code for issue in program._report.issues]


@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize("name", MODELS)
def test_the_program_equals_eager_and_each_call_ran_once(name, dynamic):
    model = Nested(MODELS[name])
    expected = model(example())
    calls = Counter_of_eager(model)
    shapes = {"x": {0: torch.export.Dim("b")}} if dynamic and "branch" not in name else None
    CALLS.clear()
    given = example()
    program = torchdraft.draft_export(model, (given,), dynamic_shapes=shapes, check_on_example=False)
    assert all(count <= calls[op] for op, count in CALLS.items()), CALLS
    assert torch.equal(given, example())
    assert program._report.rung == "symbolic"
    assert "TD301" in codes(program) or name == "written"
    torch.testing.assert_close(plain(program.module()(example())), plain(expected))
    loaded = saved_and_loaded(program)
    torch.testing.assert_close(plain(loaded.module()(example())), plain(expected))
    assert not [i for i in program._report.issues if i.severity is torchdraft.Severity.BAKED]
    compared = [i for i in program._report.issues if "returned it as a plain Python value" in i.message]
    assert bool(compared) == (name in PLAIN)


@pytest.mark.parametrize("name", sorted(PLAIN - {"str"}))
def test_another_plain_result_raises(name):
    program = torchdraft.draft_export(Nested(MODELS[name]), (example(),))
    with pytest.raises(RuntimeError, match=r"td_missing::\w+ returned"):
        saved_and_loaded(program).module()(-example() - 20)


def Counter_of_eager(model):
    CALLS.clear()
    model(example())
    return CALLS.copy()


def saved_and_loaded(program):
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    return torch.export.load(file)


@pytest.mark.parametrize("name", ["tensor", "branch on its data", "none arguments", "written and returned"])
def test_strict_tracing_is_answered_too(name):
    model = Nested(MODELS[name], depth=0)
    program = torchdraft.draft_export(model, (example(),), strict=True)
    torch.testing.assert_close(program.module()(example()), model(example()))
    assert "TD301" in codes(program)


def test_a_branch_on_other_data_raises():
    program = torchdraft.draft_export(Nested(MODELS["branch on an int"]), (example(),))
    with pytest.raises(RuntimeError, match="Runtime assertion"):
        program.module()(-example() - 20)


def test_one_call_in_a_loop_is_one_issue():
    def looped(x):
        for _ in range(4):
            x = OPS.double(x)
        return x

    program = torchdraft.draft_export(Nested(looped), (example(),))
    (issue,) = program._report.issues
    assert (issue.code, issue.occurrences, issue.data["op"]) == ("TD301", 4, "td_missing.double.default")


def test_an_unsaid_write_does_not_reach_the_users_tensor():
    given = example()
    torchdraft.draft_export(Nested(lambda x: OPS.unsaid_write(x), depth=0), (given,), check_on_example=False)
    assert torch.equal(given, example())


def test_the_models_own_handler_sees_the_real_kernels_exception():
    def guarded(x):
        try:
            return OPS.refusing(x)
        except ValueError:
            return x + 3

    model = Nested(guarded)
    program = torchdraft.draft_export(model, (example(),))
    torch.testing.assert_close(program.module()(example()), model(example()))
    assert "TD601" in codes(program)
