import random

import pytest

from torchdraft.model import Report, Verification, presenters


def test_a_class_is_rendered_by_the_presenter_that_is_provided(monkeypatch, tmp_path):
    (tmp_path / "made_presenter.py").write_text(
        "class Loud:\n    def summary(self, shown):\n        return shown.model + '!'\n\nLOUD = Loud()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(presenters, "_provided", {"Report": "made_presenter:LOUD"})
    assert Report(model="Net").summary() == "Net!"


def test_without_a_presenter_the_error_names_the_class(monkeypatch):
    monkeypatch.setattr(presenters, "_provided", {})
    with pytest.raises(LookupError, match="no presenter is provided for Verification"):
        Verification(trials=()).summary()


def test_the_import_of_a_presenter_leaves_the_random_state(monkeypatch, tmp_path):
    (tmp_path / "drawing_presenter.py").write_text("import random\n\nrandom.random()\nDRAWING = object()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(presenters, "_provided", {"Report": "drawing_presenter:DRAWING"})
    before = random.getstate()
    presenters.presenter_of("Report")
    assert random.getstate() == before
