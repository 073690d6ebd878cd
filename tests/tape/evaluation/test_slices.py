"""Plans of records to run, and what an operand reads."""

from __future__ import annotations

import gc

import pytest
import torch

from torchdraft._draft.rungs.session import Session
from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.evaluation import transient
from torchdraft._tape.evaluation.slices import reads, versions_read
from torchdraft._tape.tape import Operand, Record, Root, Tape, Version, View

LIB = torch.library.Library("td_slices", "DEF")
LIB.define("rows_from(Tensor(a) x, Tensor first) -> Tensor(a)")
LIB.impl("rows_from", lambda x, first: x[first.numel() :], "CPU")
LIB.impl("rows_from", lambda x, first: x[first.numel() :], "Meta")
ROWS_FROM = torch.ops.td_slices.rows_from.default
"""A view op with a second tensor operand."""


@pytest.fixture
def session() -> Session:
    return Session(budget=1 << 30)


def fake(session, real):
    return session.mode.from_tensor(real, static_shapes=True)


def view_of(tape: Tape, x: torch.Tensor, first: torch.Tensor, out: torch.Tensor) -> View:
    """The handle of `out`, recorded as `rows_from(x, first)`."""
    record = tape.open(ROWS_FROM, (x, first), {})
    tape.place(out, View(record.operands[0].handle, record, 0))
    handle = tape.known(out)
    assert isinstance(handle, View)
    return handle


def test_a_read_includes_what_views_behind_views_read() -> None:
    tape = Tape()
    x, deep, first, inner, outer = (torch.ones(4) for _ in range(5))
    view_of(tape, first, deep, inner)
    handle = view_of(tape, x, inner, outer)
    operand = Operand(handle)
    versions = [part for part in reads(operand) if isinstance(part, Version)]
    expected = [tape.known(tensor) for tensor in (x, first, deep)]
    assert versions == [found.cell.version for found in expected if found is not None]
    assert [part.func for part in reads(operand) if isinstance(part, Record)] == [ROWS_FROM, ROWS_FROM]
    record = tape.open(torch.ops.aten.neg.default, (outer,), {})
    assert list(versions_read(record)) == versions


def test_the_second_read_of_one_tensor_is_another_operand() -> None:
    tape = Tape()
    x, out = torch.ones(4), torch.ones(3)
    assert [operand.handle for operand in view_of(tape, x, x, out).other_operands()] == [tape.known(x)]


def test_a_view_keeps_the_values_of_its_other_operands(session) -> None:
    """They are read whenever the view is, also after their fake tensors have died."""
    x, length = fake(session, torch.arange(4.0)), fake(session, torch.ones(2))
    with session.mode:
        first = length + 1
        rows = ROWS_FROM(x, first)
        out = rows * 2
        del first, rows
    gc.collect()
    assert session.reals.tensor(out).tolist() == [4.0, 6.0]


def test_a_transient_run_keeps_what_a_view_behind_a_view_reads(session, monkeypatch) -> None:
    monkeypatch.setattr(transient, "LARGE", 1)
    x, length = fake(session, torch.arange(4.0)), fake(session, torch.ones(1))
    with session.mode:
        deep = length * 2
        first = ROWS_FROM(torch.cat([length, length]), deep)
        rows = ROWS_FROM(x, first)
        out = (deep + 1).sum() + rows.sum()
    record = session.tape.open(torch.ops.aten.alias_copy.default, (out,), {})
    assert session.reals.run_transient(record).out.item() == 3 + 6


def test_a_record_that_needs_its_own_result_is_refused(session) -> None:
    version = Version(None)
    handle = Root(type("Cell", (), {"version": version})())  # type: ignore[arg-type]
    record = Record(torch.ops.aten.neg.default, (), {}, [Operand(handle)], [])
    version.origin = record
    with pytest.raises(NoRealValue, match="needs its own result"):
        session.reals.run_now(record)
