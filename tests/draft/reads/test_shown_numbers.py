"""Numbers that are only printed or logged have their eager text, are reported as a note, and decide nothing."""

from __future__ import annotations

import io
import logging

import pytest
import torch

import torchdraft

LOG = logging.getLogger("tests.draft.reads.test_shown_numbers")
LOG.propagate = False


class Prints(torch.nn.Module):
    def forward(self, x):
        loss = x.square().mean()
        print(f"loss {loss.item():.3f} of {x.shape[0]}")
        print("loss %.2f, %d rows" % (loss.item(), (x > 0).sum().item()))  # noqa: UP031
        return loss


class PrintsList(torch.nn.Module):
    def forward(self, x):
        print([n.item() for n in x.long()[:2]], x.long()[:2].tolist())
        return x * 2


class Logs(torch.nn.Module):
    def forward(self, x):
        peak = x.max()
        LOG.warning("peak %s, %.1f", peak, peak.item())
        return x / peak


@pytest.fixture
def shown(capsys):
    """Returns what was printed and logged since its last call."""
    handler = logging.StreamHandler(io.StringIO())
    LOG.addHandler(handler)

    def read():
        text = handler.stream.getvalue() + capsys.readouterr().out
        handler.setStream(io.StringIO())
        return text

    yield read
    LOG.removeHandler(handler)


@pytest.mark.parametrize("model", [Prints, PrintsList, Logs])
def test_what_is_only_shown_is_a_note(model, shown):
    x = torch.tensor([1.0, 2.0])
    model()(x)
    eager = shown()
    shapes = {"x": {0: torch.export.Dim.AUTO}}
    program = torchdraft.draft_export(model(), (x,), dynamic_shapes=shapes, check_on_example=False)
    assert shown() == eager
    report = program._report
    assert report.rung == "symbolic"
    assert {(issue.code, str(issue.severity)) for issue in report.issues} == {("TD103", "note")}
    assert all(issue.location.file == __file__ for issue in report.issues)
    other = torch.tensor([-3.0, 5.0, 1.0])
    assert torch.equal(program.module()(other), model()(other))


class LongList(torch.nn.Module):
    def forward(self, x):
        return x - min(x.tolist())


def test_a_long_list_is_one_read():
    x = torch.arange(100.0)
    program = torchdraft.draft_export(LongList(), (x,))
    assert [issue.code for issue in program._report.issues] == ["TD103"]
    assert torch.equal(program.module()(x), x)
    with pytest.raises(RuntimeError):
        program.module()(x + 1)
