"""Changes are undone exactly, whatever was there before and whenever an exception is raised."""

from __future__ import annotations

import sys
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
import torch

from torchdraft._torch.patching.changes import Changes, mark, patched, undo_since
from torchdraft._torch.probe import need


class Base:
    inherited = 1

    @classmethod
    def made(cls) -> str:
        return cls.__name__


class Derived(Base):
    @property
    def size(self) -> int:
        return 3

    @staticmethod
    def fixed() -> int:
        return 4


@pytest.mark.parametrize("name", ["inherited", "made", "size", "fixed", "absent"])
def test_an_attribute_of_a_class_is_what_it_was(name: str) -> None:
    before = dict(vars(Derived))
    with patched(Derived, name, 5):
        assert getattr(Derived(), name) == 5
    assert dict(vars(Derived)) == before


def test_a_setting_of_a_config_module_is_what_it_was() -> None:
    config: Any = need("torch._dynamo.config")
    before = config.side_effect_replay_policy
    with patched(config, "side_effect_replay_policy", "error"):
        assert config.side_effect_replay_policy == "error"
    assert config.side_effect_replay_policy == before


def test_an_item_is_what_it_was() -> None:
    table = {"one": 1}
    with Changes() as changes:
        changes.item(table, "one", 2)
        changes.item(table, "two", 2)
        assert table == {"one": 2, "two": 2}
    assert table == {"one": 1}


def test_changes_nest() -> None:
    owner = SimpleNamespace(value=1)
    with patched(owner, "value", 2):
        with patched(owner, "value", 3):
            assert owner.value == 3
        assert owner.value == 2
    assert owner.value == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_while_changes_are_made_undoes_those_made(error: type[BaseException]) -> None:
    owner = SimpleNamespace(value=1)

    def make(changes: Changes) -> None:
        changes.attribute(owner, "value", 2)
        raise error

    with pytest.raises(error), Changes(make):
        pass
    assert owner.value == 1
    assert mark() == 0


def test_an_undo_that_raises_does_not_stop_the_others() -> None:
    owner = SimpleNamespace(value=1)

    def fail() -> float:
        return 1 / 0

    changes = Changes(lambda changes: changes.attribute(owner, "value", 2))
    changes.__enter__()
    changes.afterwards(fail)
    with pytest.raises(ZeroDivisionError):
        changes.__exit__()
    assert owner.value == 1
    assert mark() == 0


def interrupted_at(step: int, run: Any) -> bool:
    """Calls `run`, and raises KeyboardInterrupt at its bytecode number `step`. Whether it has so many."""
    left = step

    def trace(frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal left
        if frame.f_globals["__name__"] not in (__name__, Changes.__module__) or frame.f_code.co_name == "surely":
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return left <= 0


def test_an_interrupt_at_any_bytecode_leaves_nothing() -> None:
    owner, table = SimpleNamespace(value=1), {"one": 1}

    def make(changes: Changes) -> None:
        changes.attribute(owner, "value", 2)
        changes.attribute(owner, "other", 2)
        changes.item(table, "one", 2)
        changes.item(table, "two", 2)

    def run() -> None:
        started = mark()
        try:
            try:
                with Changes(make), patched(torch.nn.Module, "absent", 1):
                    assert owner.value == 2
            finally:
                undo_since(started)
        finally:
            undo_since(started)

    step = 1
    while interrupted_at(step, run):
        assert vars(owner) == {"value": 1}, step
        assert table == {"one": 1}, step
        assert not hasattr(torch.nn.Module, "absent"), step
        assert mark() == 0, step
        step += 1
    assert step > 100
