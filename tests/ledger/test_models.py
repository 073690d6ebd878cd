"""The report of every model contains exactly the issues that its comments list."""

from __future__ import annotations

import pytest

from tests.ledger.compare import compare, draft
from tests.ledger.expected import expected
from tests.ledger.registry import load_all

MODELS = load_all()


@pytest.mark.parametrize("name", MODELS)
def test_the_report_contains_the_expected_issues(name: str) -> None:
    model = MODELS[name]
    report = draft(model)
    difference = compare(name, model.section, report.issues)
    assert difference.exact, f"{difference}\n\n{report}"


def test_there_are_enough_models() -> None:
    assert len(MODELS) >= 324
    assert sum(not expected(model.section) for model in MODELS.values()) >= 62


def test_every_expectation_belongs_to_one_model() -> None:
    """The sections of a file are disjoint and cover all its `# expect` comments."""
    sections = [model.section for model in MODELS.values()]
    for file in {section.file for section in sections}:
        marked = [number for number, text in enumerate(file.read_text().splitlines(), 1) if "# expect" in text]
        owned = [n for s in sections if s.file == file for n, text in s.lines() if "# expect" in text]
        assert sorted(owned) == marked
