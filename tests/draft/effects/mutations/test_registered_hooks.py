"""Hooks that `forward` registers or removes."""

from __future__ import annotations

import pytest
import torch

import torchdraft


class Captures(torch.nn.Module):
    """Sets hooks up in the first call, and keeps what they see for the length of each call."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])
        self.seen = None

    def capture(self, _module, _args, output):
        self.seen.append(output)

    def forward(self, x):
        if not getattr(self, "hooked", False):
            for layer in self.layers:
                layer.register_forward_hook(self.capture)
            self.hooked = True
        self.seen = []
        for layer in self.layers:
            x = layer(x)
        seen, self.seen = self.seen, None
        return torch.stack(seen)


def test_hooks_set_up_once_are_a_note():
    model = Captures()
    report = torchdraft.draft_export(model, (torch.ones(3),))._report
    found = {issue.expr.rpartition(".")[2]: (str(issue.severity), issue.occurrences) for issue in report.issues}
    assert found == {"hooked": ("note", 1), "_forward_hooks": ("note", 2)}
    (hooks,) = [issue for issue in report.issues if issue.expr.endswith("_forward_hooks")]
    assert hooks.location.source.strip() == "layer.register_forward_hook(self.capture)"
    assert not any(layer._forward_hooks for layer in model.layers)


class HooksEachTime(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act = torch.nn.ReLU()

    def forward(self, x):
        self.act.register_forward_hook(lambda _module, _args, output: output * 2)
        return self.act(x)


class HookedOnce(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act = torch.nn.ReLU()
        self.handle = self.act.register_forward_pre_hook(lambda _module, args: (args[0] + 1,))

    def forward(self, x):
        x = self.act(x)
        self.handle.remove()
        return x


@pytest.mark.parametrize("model", [HooksEachTime(), HookedOnce()], ids=["added each time", "taken away"])
def test_hooks_that_make_the_next_call_another_are_baked(model):
    report = torchdraft.draft_export(model, (torch.ones(3),))._report
    (issue,) = report.issues
    assert (issue.code, str(issue.severity), issue.expr) == ("TD402", "baked", "act._forward_hooks")
