import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_reports import BRANCH, VIOLATION
from tests.strategies import texts
from torchdraft._check.baseline import Baseline
from torchdraft._check.fingerprint import Fingerprint, fingerprint, normalised
from torchdraft._targets.usage_error import UsageError

ONE, OTHER = (fingerprint(issue, Path("/app")) for issue in (BRANCH, VIOLATION))

fingerprints = st.builds(Fingerprint, code=texts, file=texts, function=texts, source=texts.map(normalised), expr=texts)
baselines = st.dictionaries(
    texts, st.dictionaries(fingerprints, st.integers(1, 9), min_size=1, max_size=3).map(Counter), max_size=3
)


@given(baselines)
def test_what_is_written_is_read(tmp_path_factory, targets):
    file = tmp_path_factory.mktemp("baseline") / "b.json"
    file.write_text(Baseline(targets).text(), encoding="utf-8")
    assert Baseline.read(file).targets == targets


@given(baselines)
def test_the_text_does_not_depend_on_the_order(targets):
    backwards = {name: Counter(dict(reversed(counts.items()))) for name, counts in reversed(targets.items())}
    assert Baseline(backwards).text() == Baseline(targets).text()


def test_the_file_can_be_read_by_people():
    body = json.loads(Baseline({"m.py:build": Counter({OTHER: 1, ONE: 2}), "clean": Counter()}).text())
    assert body == {
        "format": "torchdraft-baseline",
        "version": 1,
        "targets": {
            "m.py:build": [
                {
                    "code": "TD101",
                    "file": "encoder.py",
                    "function": "Encoder.forward",
                    "source": "if lens.max().item() > 5 and self.ready:",
                    "expr": "$0 > 5",
                    "count": 2,
                },
                {
                    "code": "TD201",
                    "file": "model.py",
                    "function": "Net.forward",
                    "source": "return self.encoder(x, lens)",
                    "expr": "$0 > 10",
                    "count": 1,
                },
            ]
        },
    }


def test_counting_down_leaves_the_baseline_as_it_is():
    baseline = Baseline({"t": Counter({ONE: 1})})
    baseline.accepted("t")[ONE] -= 1
    assert baseline.accepted("t") == {ONE: 1}
    assert baseline.accepted("another") == {}


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("{", "can't be read: Input data was truncated"),
        ("[]", "can't be read: Expected `object`, got `array`"),
        ('{"format": "torchdraft-report", "version": 1, "targets": {}}', "has format 'torchdraft-report', version 1"),
        ('{"format": "torchdraft-baseline", "version": 2, "targets": {}}', "version 2"),
        (
            '{"format": "torchdraft-baseline", "version": 1, "targets": {"t": [{"code": 1}]}}',
            "Expected `str`, got `int`",
        ),
        ("\udcff", "can't be read"),
    ],
)
def test_anything_else_is_refused(tmp_path, text, given):
    file = tmp_path / "b.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UsageError) as caught:
        Baseline.read(file)
    assert str(file) in caught.value.given
    assert given in caught.value.given


def test_a_missing_file_says_how_to_write_one(tmp_path):
    with pytest.raises(UsageError, match="there is no baseline") as caught:
        Baseline.read(tmp_path / "b.json")
    assert "--write-baseline" in caught.value.advice
