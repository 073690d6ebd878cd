"""Modules that show the model another class than everybody else."""

from __future__ import annotations

import types

import pytest

from torchdraft._draft.effects.calls.module_views import show_model
from torchdraft._draft.tracing.draft_threads import joined
from torchdraft._torch.patching.changes import Changes

INSTEAD = object()


@pytest.fixture
def module():
    made = types.ModuleType("made")
    made.name, made.other = "original", "other"
    return made


def test_code_of_a_draft_finds_the_replacement(module):
    with Changes(lambda changes: show_model(changes, module, {"name": INSTEAD})):
        assert module.name == "original"
        with joined():
            assert module.name is INSTEAD
            assert module.other == "other"
            assert vars(module)["name"] == "original"
            with pytest.raises(AttributeError, match="module 'made' has no attribute 'absent'"):
                _ = module.absent
    assert type(module) is types.ModuleType


def test_a_draft_inside_a_draft_has_the_inner_replacement(module):
    inner = object()
    with joined(), Changes(lambda changes: show_model(changes, module, {"name": INSTEAD})):
        with Changes(lambda changes: show_model(changes, module, {"name": inner})):
            assert module.name is inner
        assert module.name is INSTEAD
    assert type(module) is types.ModuleType


def test_the_module_can_be_imported_from_and_written_to(module, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "made", module)
    with joined(), Changes(lambda changes: show_model(changes, module, {"name": INSTEAD})):
        from made import name

        module.late = 1
        assert name is INSTEAD
    assert module.late == 1
