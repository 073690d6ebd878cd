"""What the tape computes, and how long it keeps values."""

from __future__ import annotations

import gc

import pytest
import torch

from torchdraft._draft.rungs.session import Session
from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.evaluation import transient


@pytest.fixture
def session() -> Session:
    torch.manual_seed(5)
    return Session(budget=1 << 30)


def fake(session, real):
    return session.mode.from_tensor(real, static_shapes=True)


def test_nothing_is_computed_unasked(session):
    x = fake(session, torch.ones(3))
    with session.mode:
        for _ in range(5):
            x = x * 2 + 1
    assert session.tape.ops_recorded == 10
    assert session.reals.ops_evaluated == 0


def test_a_demand_computes_its_slice_and_once(session):
    x = fake(session, torch.ones(3))
    with session.mode:
        y = x * 2
        z = x * 3
        w = y + 1
    assert session.reals.tensor(w).tolist() == [3.0] * 3
    assert session.reals.ops_evaluated == 2
    assert session.reals.tensor(w).tolist() == [3.0] * 3
    assert session.reals.tensor(y).tolist() == [2.0] * 3
    assert session.reals.ops_evaluated == 2
    assert session.reals.tensor(z).tolist() == [3.0] * 3
    assert session.reals.ops_evaluated == 3


def test_a_parameters_value_is_the_parameters(session):
    weight = torch.nn.Parameter(torch.tensor([2.0, 7.0]))
    assert session.reals.tensor(fake(session, weight)).tolist() == [2.0, 7.0]


def test_an_operand_is_read_as_of_its_place(session):
    real = torch.ones(3)
    x = fake(session, real)
    with session.mode:
        before = x * 1
        x.add_(1)
        after = x * 1
        x.zero_()
    assert session.reals.tensor(after).tolist() == [2.0] * 3
    assert session.reals.tensor(before).tolist() == [1.0] * 3
    assert session.reals.tensor(x).tolist() == [0.0] * 3
    assert real.tolist() == [1.0] * 3


def test_a_write_is_seen_through_views_both_ways(session):
    real = torch.zeros(2, 3)
    x = fake(session, real)
    with session.mode:
        row = x[1]
        turned = x.t()
        row.fill_(4)
        turned[0, 0] = 9.0
    assert session.reals.tensor(x).tolist() == [[9, 0, 0], [4, 4, 4]]
    assert session.reals.tensor(turned).tolist() == [[9, 4], [0, 4], [0, 4]]
    assert session.reals.tensor(row).tolist() == [4, 4, 4]


def test_inputs_that_share_memory_share_it_here(session):
    real = torch.zeros(4)
    tail, whole = fake(session, real[2:]), fake(session, real)
    with session.mode:
        tail.add_(1)
    assert session.reals.tensor(whole).tolist() == [0, 0, 1, 1]
    assert real.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("method", ["t_", "transpose_", "squeeze_", "unsqueeze_"])
def test_an_op_that_turns_a_tensor_turns_it_once(session, method):
    arguments = {"t_": (), "transpose_": (0, 1), "squeeze_": (), "unsqueeze_": (0,)}[method]
    real = torch.arange(6.0).reshape(2, 3)
    x = fake(session, real)
    with session.mode:
        y = x + 0
        getattr(y, method)(*arguments)
        y[0] = 8.0
    want = real.clone()
    getattr(want, method)(*arguments)
    want[0] = 8.0
    assert torch.equal(session.reals.tensor(y), want)


def test_a_tensor_that_is_set_to_anothers_memory_writes_to_a_copy_of_it(session):
    real = torch.arange(6.0).reshape(2, 3)
    x = fake(session, real)
    with session.mode:
        turned = x.t()
        y = x.clone()
        y.set_(turned)
        before = y + 0
        y.neg_()
        after = x + 0
    assert torch.equal(session.reals.tensor(y), -torch.arange(6.0).reshape(2, 3).t())
    assert torch.equal(session.reals.tensor(before), real.t())
    assert torch.equal(session.reals.tensor(after), -real)
    assert torch.equal(session.reals.tensor(x), -real)
    assert torch.equal(real, torch.arange(6.0).reshape(2, 3))


def test_lazy_conjugates_and_negatives(session):
    for look in (torch.conj, lambda t: t.conj().imag):
        given = look(torch.tensor([1 + 2j, 3 - 4j]))
        x = fake(session, given)
        with session.mode:
            y = x + 0
            x.mul_(2)
        assert torch.equal(session.reals.tensor(y), given + 0)
        assert torch.equal(session.reals.tensor(x), given * 2)


def test_random_values_are_eagers_whatever_was_asked_first(session):
    with session.mode:
        first = torch.rand(3)
        second = torch.randn(2)
        third = torch.randperm(5)
    state = torch.random.get_rng_state()
    got = [session.reals.tensor(t) for t in (third, first, second)]
    assert torch.equal(state, torch.random.get_rng_state())
    torch.manual_seed(5)
    want = [torch.rand(3), torch.randn(2), torch.randperm(5)]
    assert all(torch.equal(a, b) for a, b in zip(got, [want[2], want[0], want[1]], strict=True))


def test_a_generator_of_the_users_does_not_move(session):
    generator = torch.Generator().manual_seed(9)
    with session.mode:
        torch.rand(3, generator=generator)
        second = torch.rand(2, generator=generator)
    own = torch.Generator().manual_seed(9)
    torch.rand(3, generator=own)
    assert torch.equal(session.reals.tensor(second), torch.rand(2, generator=own))
    assert generator.get_state().equal(torch.Generator().manual_seed(9).get_state())


def test_symbols_born_in_an_op(session):
    x = fake(session, torch.tensor([0.0, 2.0, 0.0, 3.0]))
    with session.mode:
        found = x.nonzero()
        number = (x.sum() + 1).to(torch.int64).item()
    assert session.reals.scalar(found.shape[0]) == 2
    assert session.reals.scalar(number + 1) == 7


def test_values_go_with_the_fakes(session):
    x = fake(session, torch.ones(100))
    with session.mode:
        y = x * 2
        view = (y + 1)[3:]
    session.reals.tensor(view)
    assert session.reals.bytes_held == 800
    del y
    gc.collect()
    assert session.reals.bytes_held == 400
    del view
    gc.collect()
    assert session.reals.bytes_held == 0


def test_the_budget_drops_and_recomputes():
    session = Session(budget=500)
    x = fake(session, torch.ones(100))
    kept = []
    with session.mode:
        for _ in range(6):
            x = x + 1
            kept.append(x)
    assert [session.reals.tensor(k)[0].item() for k in kept] == [2, 3, 4, 5, 6, 7]
    assert session.reals.bytes_held <= 500
    assert [session.reals.tensor(k)[0].item() for k in kept] == [2, 3, 4, 5, 6, 7]
    assert session.reals.ops_evaluated > 6


def transient_read(session, fake):
    """Reads `fake` once in a transient run, as the check of fake kernels does."""
    record = session.tape.open(torch.ops.aten.alias_copy.default, (fake,), {})
    found = session.reals.run_transient(record).out
    session.tape.close(record, (fake,), {}, fake.clone())
    session.reals.deposit(record)
    return found


def test_a_transient_run_drops_large_values(session, monkeypatch):
    monkeypatch.setattr(transient, "LARGE", 100)
    x = fake(session, torch.ones(100))
    small = fake(session, torch.ones(3))
    with session.mode:
        kept, number = [x], small.exp().sum()
        for _ in range(6):
            kept.append(kept[-1] + number)
    assert transient_read(session, kept[3])[0] == pytest.approx(1 + 9 * 2.71828, rel=1e-3)
    assert session.reals.bytes_peak <= 2 * 400 + 20
    assert session.reals.bytes_held <= 20
    # A dropped value is computed again when it is requested. From then on nothing is dropped.
    before = session.reals.ops_evaluated
    session.reals.tensor(kept[2])
    assert session.reals.ops_evaluated == before + 2
    transient_read(session, kept[6])
    assert session.reals.bytes_held >= 3 * 400


def test_a_tensor_from_nowhere_has_no_value(session):
    stranger = Session(budget=1)
    with pytest.raises(NoRealValue):
        session.reals.tensor(fake(stranger, torch.ones(2)))


def test_a_long_slice_needs_no_deep_stack(session):
    x = fake(session, torch.zeros(()))
    with session.mode:
        for _ in range(3000):
            x = x + 1
    assert session.reals.tensor(x).item() == 3000
