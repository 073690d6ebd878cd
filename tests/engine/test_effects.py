"""What a model does besides computing: told with its line, taken back, never frozen in silence."""

from __future__ import annotations

import random
import time
from typing import NamedTuple

import torch

import torchdraft

CACHE: list[torch.Tensor] = []


class Effects(torch.nn.Module):
    """Writes to its input and a global, draws a Python random number, reads a clock."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x.add_(1)
        CACHE.append(x * 2)
        return x + random.random() + (time.time() > 0)


class WithDtype(torch.nn.Module):
    """Returns what no graph can hold beside a tensor."""

    def forward(self, x: torch.Tensor) -> dict[str, object]:
        return {"x": x + 1, "dtype": x.dtype, "device": x.device}


class Pair(NamedTuple):
    """A result pytree takes apart and cannot save until somebody names its class."""

    left: torch.Tensor
    right: torch.Tensor


class ReturnsPair(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Pair:
        return Pair(x + 1, x * 2)


class InstallsHook(torch.nn.Module):
    """Hangs a hook on a layer in its first call, as some libraries do to collect outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.layer._forward_hooks:
            self.layer.register_forward_hook(lambda _module, _args, out: out * 2)
        return self.layer(x)


def test_effects_are_told_and_taken_back() -> None:
    x = torch.randn(3)
    before, state = x.clone(), random.getstate()
    report = torchdraft.draft_export(Effects(), (x,))._report
    assert {"TD401", "TD403", "TD404"} <= {issue.code for issue in report.issues}
    clock = [issue for issue in report.issues if issue.code == "TD404"]
    assert {issue.location.source.strip() for issue in clock} == {"return x + random.random() + (time.time() > 0)"}
    assert CACHE == []
    assert torch.equal(x, before)
    assert random.getstate() == state
    assert time.time.__module__ == "time"  # the watched functions are Python's own again


def test_a_dtype_among_the_outputs(tmp_path) -> None:
    x = torch.randn(3)
    program = torchdraft.draft_export(WithDtype(), (x,))
    torchdraft.save(program, tmp_path / "m.pt2")
    for made in (program, torchdraft.load(tmp_path / "m.pt2")):
        out = made.module()(x)
        assert torch.equal(out["x"], x + 1)
        assert (out["dtype"], out["device"]) == (torch.float32, x.device)


def test_a_named_tuple_among_the_outputs_is_saved(tmp_path) -> None:
    x = torch.randn(3)
    program = torchdraft.draft_export(ReturnsPair(), (x,))
    assert [issue.code for issue in program._report.issues] == ["TD502"]
    torchdraft.save(program, tmp_path / "m.pt2")
    out = torchdraft.load(tmp_path / "m.pt2").module()(x)
    assert isinstance(out, Pair)
    assert torch.equal(out.right, x * 2)


def test_hooks_installed_by_forward_are_gone() -> None:
    model, x = InstallsHook(), torch.randn(2, 3)
    program = torchdraft.draft_export(model, (x,))
    assert not model.layer._forward_hooks
    assert torch.allclose(program.module()(x), model(x))


def test_a_weight_without_data_that_was_needed_is_named() -> None:
    with torchdraft.fake_weights():
        layer = torch.nn.Linear(3, 3)

    class Branches(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if self.layer(x).sum() > 1e9 else x * 2

    report = torchdraft.draft_export(Branches(), (torch.randn(3),))._report
    assert any(issue.code == "TD304" and "layer.weight" in issue.message for issue in report.issues)


class KeepsTensors(torch.nn.Module):
    """Keeps a list of tensors on itself: telling so must not read them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.kept = [x * 2, x * 3]
        return x


def test_telling_of_an_attribute_reads_no_tensor() -> None:
    program = torchdraft.draft_export(KeepsTensors(), (torch.randn(3),))
    assert [issue.code for issue in program._report.issues] == ["TD402"]
    assert not [n for n in program.graph.nodes if n.target is torch.ops.aten._assert_scalar.default]
