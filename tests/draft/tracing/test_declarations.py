"""Units of one kind are found by their registry, and two for one key are refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from torchdraft._draft.tracing.declarations import Declarations, place_of

MODULE = """
from torchdraft._draft.tracing.declarations import Declarations

from declared_units.registry import UNITS

UNITS.add(len, "a unit", "its module")
"""
REGISTRY = """
from torchdraft._draft.tracing.declarations import Declarations

UNITS = Declarations("unit of", "declared_units")
"""


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declarations[str]:
    package = tmp_path / "declared_units"
    package.mkdir()
    for name, text in {"__init__": "", "registry": REGISTRY, "of_len": MODULE}.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    from declared_units.registry import UNITS  # type: ignore[import-not-found]

    yield UNITS
    for name in [name for name in sys.modules if name.startswith("declared_units")]:
        del sys.modules[name]


def test_every_module_of_the_package_is_loaded(units: Declarations[str]) -> None:
    assert units.units == {}
    units.load()
    assert units.units == {len: "a unit"}


def test_a_second_unit_for_a_key_is_refused(units: Declarations[str]) -> None:
    units.load()
    with pytest.raises(ValueError, match="the unit of len is declared twice: by its module and by another"):
        units.add(len, "another unit", "another")
    assert units.units == {len: "a unit"}


def test_a_module_may_be_imported_again(units: Declarations[str]) -> None:
    units.load()
    units.add(len, "the same unit", "its module")
    assert units.units == {len: "the same unit"}


def test_what_a_test_declares_is_removed(units: Declarations[str]) -> None:
    with units.restored():
        units.add(max, "a test's", "a test")
        assert units.units == {len: "a unit", max: "a test's"}
    assert units.units == {len: "a unit"}
    units.add(max, "another", "another test")


def test_the_place_of_a_function() -> None:
    assert place_of(test_the_place_of_a_function).endswith("test_declarations.test_the_place_of_a_function")
