"""The fuzzer: its programs are deterministic, and each kind of wrong exporter is found."""

from __future__ import annotations

from functools import cache, partial

import pytest

from tests.fuzz import Program, check, generate, planted, run, shrink
from tests.fuzz.check import Exporter
from tests.fuzz.features import FEATURES
from tests.fuzz.runner import verdicts
from torchdraft import draft_export

PROGRAMS = 30


def kinds(exporter: Exporter, n: int = PROGRAMS) -> set[str]:
    summary = run(n, 7, exporter, round_trip_every=0)
    return {finding.kind for verdict in summary.checked for finding in verdict.findings}


def test_a_seed_gives_the_same_programs_every_time() -> None:
    assert [generate(3, index) for index in range(10)] == [generate(3, index) for index in range(10)]
    assert generate(3, 0).source != generate(4, 0).source


def test_programs_run_eagerly_and_cover_the_features() -> None:
    summary = run(PROGRAMS, 7, planted.refuses, round_trip_every=0)
    assert len(summary.checked) >= 0.9 * PROGRAMS
    used = {feature for verdict in summary.verdicts for feature in verdict.features}
    assert len(used & FEATURES.keys()) >= len(FEATURES) / 2


def test_the_right_exporter_passes() -> None:
    summary = run(PROGRAMS, 7, planted.right, round_trip_every=0)
    assert summary.ok, str(summary)
    assert sum(verdict.matched for verdict in summary.checked) > 3 * PROGRAMS


@pytest.mark.parametrize(
    ("exporter", "kind"),
    [
        (planted.refuses, "no graph"),
        (planted.bakes, "silent mismatch"),
        (planted.drops_writes, "wrong on example"),
        (planted.forgets_state, "wrong on example"),
        (planted.writes_inputs, "leftover"),
        (planted.writes_module, "leftover"),
        (planted.leaves_file, "leftover"),
    ],
)
def test_a_wrong_exporter_is_caught(exporter: Exporter, kind: str) -> None:
    assert kind in kinds(exporter)


@pytest.mark.parametrize(
    ("feature", "exporter", "kind"),
    [
        ("plain_cache", planted.runs_the_model, "leftover"),
        ("plain_cache", planted.forgets_state, "silent mismatch"),
        ("contained_state", planted.runs_the_model, "leftover"),
        ("contained_state", planted.forgets_state, "silent mismatch"),
        ("hook_statistics", planted.runs_the_model, "leftover"),
        ("hook_statistics", planted.forgets_state, "silent mismatch"),
        ("wrapped_weight", planted.rounds_weights, "wrong on example"),
        ("metadata_question", planted.lays_out_anew, "silent mismatch"),
        ("encoder_layer", planted.leaves_the_fast_path_wrong, "wrong on example"),
        ("force", planted.keeps_gradients, "wrong on example"),
        ("mapped", planted.loops_twice, "silent mismatch"),
        ("scanned", planted.loops_twice, "silent mismatch"),
        ("while_looped", planted.loops_twice, "silent mismatch"),
        ("input_keywords", planted.orders_keywords, "silent mismatch"),
        ("input_namedtuple", planted.bakes, "silent mismatch"),
    ],
)
def test_a_feature_can_fail(feature: str, exporter: Exporter, kind: str) -> None:
    """Checks programs with the feature until one fails; the right exporter passes on that program."""
    programs = (generated(index) for index in range(1500))
    found = next(p for p in programs if feature in p.features and kind in kinds_of(p, exporter))
    assert not kinds_of(found, planted.right)


@cache
def generated(index: int) -> Program:
    return generate(7, index)


def kinds_of(program: Program, exporter: Exporter) -> set[str]:
    return {finding.kind for finding in check(program, exporter).findings}


@pytest.mark.parametrize(
    ("exporter", "kind", "first"),
    [
        (planted.loses_versions, "wrong on example", 6),
        (planted.keeps_stale_views, "wrong on example", 56),
        (planted.leaks_clones, "leftover", 6),
    ],
)
def test_a_bug_in_the_tape_is_found(exporter: Exporter, kind: str, first: int) -> None:
    """Checks a few programs, starting with one that writes. Without the bug there is no such finding."""
    found = next(v for v in verdicts(range(first, first + 24), 7, exporter) if kind in {f.kind for f in v.findings})
    program = generate(7, int(found.name.rsplit("_", 1)[1]))
    assert not check(program, partial(draft_export, check_on_example=False)).findings


def test_a_baked_issue_excuses_a_mismatch() -> None:
    summary = run(PROGRAMS, 7, planted.bakes_and_says_so, round_trip_every=0)
    assert not summary.programs_with("silent mismatch")
    assert sum(verdict.excused for verdict in summary.checked) > PROGRAMS


def test_raising_on_other_inputs_is_allowed() -> None:
    summary = run(PROGRAMS, 7, planted.rejects_others, round_trip_every=0)
    assert summary.ok, str(summary)
    assert sum(verdict.loud for verdict in summary.checked) > PROGRAMS


@pytest.mark.parametrize(
    ("exporter", "kind", "timeout"),
    [("leaves_mode", "leftover", 60.0), ("aborts", "crash", 60.0), ("hangs", "hang", 4.0)],
)
def test_a_worker_survives_what_an_exporter_does_to_it(exporter: str, kind: str, timeout: float) -> None:
    summary = run(2, 7, f"tests.fuzz.planted.{exporter}", jobs=1, timeout=timeout, round_trip_every=0)
    assert len(summary.programs_with(kind)) == 2, str(summary)


PROGRAM = """\
import torch

CACHE = {}

class Fuzz(torch.nn.Module):
    def forward(self, x):
        a = x * 2
        b = a + 1
        if b.sum() > 100:
            b = b - 1
        x.add_(1)
        c = b.relu()
        return a, b, c

def inputs(seed=0, vary=False):
    x = torch.ones(3) * seed
    y = torch.ones(2)
    return (x,), {}

DIMS = {}
DYNAMIC_SHAPES = None
"""


def test_a_failing_program_is_made_small() -> None:
    def drops_a_write(source: str) -> bool:
        verdict = check(Program("small", source), planted.drops_writes)
        return any(finding.kind == "wrong on example" for finding in verdict.findings)

    small = shrink(PROGRAM, drops_a_write, seconds=20.0)
    assert "x.add_(1)" in small
    assert not any(gone in small for gone in ("relu", "b - 1", "y ="))


def test_a_summary_names_the_smallest_program() -> None:
    summary = run(6, 7, planted.bakes, round_trip_every=0, shrink_causes=1)
    assert next(iter(summary.shrunk)).startswith("silent mismatch")
    assert "silent mismatch" in str(summary)
    assert len(next(iter(summary.shrunk.values()))) < len(summary.checked[0].name) + 4000
