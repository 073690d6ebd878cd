"""Patches are declared once for a scope, checked when they are declared, and applied together."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from torchdraft import UnsupportedTorch
from torchdraft._torch.patching import inventory
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import Scope, Target, applied, patches, temporary
from torchdraft._torch.patching.scopes import SCOPES


@pytest.fixture
def scope() -> Scope:
    return Scope("TEST", "in a test")


def test_one_declaration_adds_a_patch(scope: Scope) -> None:
    @patches("torch:is_tensor", scope=scope, why="To show that nothing else is needed.")
    def says_yes(original: Any, answers: list[bool]) -> Any:
        """Returns True."""

        def is_tensor(value: Any) -> bool:
            answers.append(original(value))
            return True

        return is_tensor

    own, answers = torch.is_tensor, []
    with applied(scope, answers=answers):
        assert torch.is_tensor(1)
    assert torch.is_tensor is own
    assert answers == [False]


def test_one_declaration_adds_a_change_of_something_else(scope: Scope) -> None:
    table = {"one": 1}

    @temporary("torch:nn", scope=scope, why="To show that nothing else is needed.")
    def table_filled(changes: Changes, value: int) -> None:
        changes.item(table, "two", value)

    with applied(scope, value=2):
        assert table == {"one": 1, "two": 2}
    assert table == {"one": 1}


def test_a_function_declared_for_several_targets_receives_each(scope: Scope) -> None:
    @patches("torch:is_tensor", "torch:is_storage", scope=scope, why="")
    def named(_original: Any, target: Target) -> Any:
        return lambda: target.name

    with applied(scope):
        assert (torch.is_tensor(), torch.is_storage()) == ("is_tensor", "is_storage")  # type: ignore[call-arg]


def test_a_second_patch_of_one_target_is_refused(scope: Scope) -> None:
    @patches("torch:is_tensor", scope=scope, why="")
    def first(original: Any) -> Any:
        return original

    with pytest.raises(
        ValueError, match=r"torch:is_tensor is patched twice in the scope TEST: by .*first and by .*two"
    ):

        @patches("torch:is_tensor", scope=scope, why="")
        def two(original: Any) -> Any:
            return original


def test_a_file_that_is_imported_again_declares_its_patches_again(scope: Scope) -> None:
    def file() -> None:
        @patches("torch:is_tensor", scope=scope, why="")
        def first(original: Any) -> Any:
            return original

    file()
    file()
    assert len(scope.patches) == 1


@pytest.mark.parametrize("path", ["torch:no_such_function", "torch.nn:Module.no_such_method", "torch.no_such_module:f"])
def test_a_target_that_torch_lacks_is_named(scope: Scope, path: str) -> None:
    with pytest.raises(UnsupportedTorch, match=f"torchdraft needs {path}"):
        patches(path, scope=scope, why="")(lambda original: original)


def test_a_module_may_get_a_name_that_it_finds_in_builtins(scope: Scope) -> None:
    @patches("torch.nn.functional:print", scope=scope, why="")
    def silent(original: Any) -> Any:
        assert original is print
        return lambda *_: None

    with applied(scope):
        assert torch.nn.functional.print is not print
    assert not hasattr(torch.nn.functional, "print")


def test_hooks_are_checked(scope: Scope) -> None:
    @patches("torch:is_tensor", scope=scope, why="")
    def reported(original: Any, on_call: Any) -> Any:
        return original

    with pytest.raises(TypeError, match=r"the scope TEST needs the hook 'on_call', for .*reported"):
        applied(scope)
    with pytest.raises(TypeError, match="no patch of the scope TEST takes the hook 'other'"):
        applied(scope, on_call=print, other=print)


def test_a_patch_that_raises_leaves_nothing(scope: Scope) -> None:
    @patches("torch:is_tensor", scope=scope, why="")
    def first(_original: Any) -> Any:
        return SimpleNamespace()

    @patches("torch:is_storage", scope=scope, why="")
    def second(_original: Any) -> Any:
        raise KeyboardInterrupt

    own = torch.is_tensor
    with pytest.raises(KeyboardInterrupt), applied(scope):
        pass
    assert torch.is_tensor is own


def test_every_patch_says_what_it_does_and_why() -> None:
    importlib.import_module("torchdraft._draft.entry")  # declares those patches that are not in _torch/patches/
    found = inventory.declared()
    assert len(found) > 40
    assert all(patch.what and patch.why and patch.targets for patch in found)
    assert all(scope.patches for scope in SCOPES)


def test_the_targets_are_listed() -> None:
    found = inventory.targets()
    assert (torch.nn.Module, "__setattr__") in found
    assert len(inventory.current()) == len(found)
