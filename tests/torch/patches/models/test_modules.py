"""Patches of modules: conversions that change nothing, attribute writes, hooks, weights of recurrent modules."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from torchdraft._torch.patches.models import modules
from torchdraft._torch.patching.changes import Changes, patched
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import VERIFY
from torchdraft._torch.probe import need


@pytest.mark.parametrize(("dtype", "converted"), [(torch.float32, False), (torch.float64, True)])
def test_a_conversion_runs_where_it_changes_a_tensor(dtype: torch.dtype, converted: bool) -> None:
    calls = []

    def _apply(self: torch.nn.Module, *_args: Any) -> torch.nn.Module:
        calls.append(self)
        return self

    linear = torch.nn.Linear(2, 2)
    with patched(torch.nn.Module, "_apply", modules.idle_conversions_skipped(_apply)):
        assert linear.to(dtype) is linear
    assert bool(calls) == converted


def test_each_attribute_write_is_reported_before_it_is_made() -> None:
    module, found = torch.nn.Module(), []

    def note(owner: Any, name: str) -> None:
        found.append((owner, name, hasattr(owner, name)))

    own = torch.nn.Module.__setattr__
    with patched(torch.nn.Module, "__setattr__", modules.attribute_writes_reported(own, note)):
        module.scale = 2
    assert found == [(module, "scale", False)]
    assert module.scale == 2


def test_hooks_registered_since_are_dropped() -> None:
    hooks: Any = need("torch.nn.modules.module:_global_buffer_registration_hooks")
    register: Any = need("torch.nn.modules.module:register_module_buffer_registration_hook")
    before = register(lambda *_: None)
    try:
        buffer_hooks = modules.BufferHooks()
        with Changes(lambda changes: modules.buffer_hooks_dropped(changes, buffer_hooks)):
            register(lambda *_: None)
            assert len(hooks) == 2
        assert list(hooks) == [before.id]
    finally:
        before.remove()


def test_a_recurrent_module_computes_with_the_weights_of_its_table() -> None:
    rnn = torch.nn.GRU(2, 3)
    own = rnn._flat_weights
    name = rnn._flat_weights_names[0]
    original = rnn._parameters[name]
    rnn._parameters[name] = copy = torch.nn.Parameter(torch.zeros_like(original))
    with applied(VERIFY, module=torch.nn.Sequential(rnn)):
        assert rnn._flat_weights[0] is copy
    assert rnn._flat_weights is own
