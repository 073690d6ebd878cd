"""Hypothesis strategies for the plain data of reports and checks."""

from __future__ import annotations

from hypothesis import strategies as st

from torchdraft.model import Branch, BrokenRung, Dimension, Issue, Location, Report, Severity, Stats
from torchdraft.model.check import Check, CheckedTarget, Finding, Remark, Suppression

texts = st.text(max_size=20)
counts = st.integers(min_value=0, max_value=2**53)
columns = st.none() | st.integers(min_value=0, max_value=200)
names = st.dictionaries(texts, texts, max_size=3)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
data = st.dictionaries(texts, scalars | st.lists(scalars, max_size=3), max_size=3)

locations = st.builds(Location, texts, counts, texts, texts, columns, columns)
issues = st.builds(
    Issue,
    code=st.from_regex(r"TD[0-9]{3}", fullmatch=True),
    name=texts,
    severity=st.sampled_from(Severity),
    message=texts,
    location=st.none() | locations,
    user_stack=st.lists(locations, max_size=3).map(tuple),
    expr=st.none() | texts,
    value=st.none() | texts,
    symbols=names,
    locals=names,
    occurrences=st.integers(1, 1000),
    node=st.none() | texts,
    modules=st.lists(texts, max_size=3).map(tuple),
    data=data,
)
rungs = st.sampled_from(["symbolic", "island", "concrete"])
reports = st.builds(
    Report,
    issues=st.lists(issues, max_size=4).map(tuple),
    rung=rungs,
    rungs=st.lists(
        st.builds(BrokenRung, rung=rungs, reason=texts, module=texts, location=st.none() | locations), max_size=2
    ).map(tuple),
    dimensions=st.lists(st.builds(Dimension, name=texts, asked=texts, got=texts, reason=texts), max_size=2).map(tuple),
    paths=st.lists(
        st.builds(
            Branch,
            condition=texts,
            on_example=st.booleans(),
            kept=st.booleans(),
            reason=texts,
            operations=st.tuples(counts, counts),
            module=texts,
            location=st.none() | locations,
        ),
        max_size=2,
    ).map(tuple),
    stats=st.builds(
        Stats,
        ops_traced=counts,
        ops_evaluated=counts,
        seconds=st.dictionaries(texts, st.floats(0, 1e6), max_size=3),
        real_bytes_peak=counts,
    ),
    model=texts,
    versions=names,
    op_profiles=st.dictionaries(texts, st.frozensets(texts, max_size=2), max_size=2),
    expressions_created=st.dictionaries(counts, data, max_size=2),
)

suppressions = st.builds(
    Suppression,
    by=st.sampled_from(["comment", "settings", "baseline", "call"]),
    reason=texts,
    location=st.none() | locations,
)
findings = st.builds(
    Finding,
    issue=issues,
    fingerprint=st.text(min_size=1, max_size=20),
    fails=st.booleans(),
    suppressed=st.none() | suppressions,
)
targets = st.builds(
    CheckedTarget,
    target=texts,
    file=texts,
    report=st.just(Report()),
    findings=st.lists(findings, max_size=3).map(tuple),
) | st.builds(CheckedTarget, target=texts, file=texts, error=texts)
checks = st.builds(
    Check,
    targets=st.lists(targets, max_size=3).map(tuple),
    fail_on=st.sampled_from(["baked", "guarded", "specialized", "any"]),
    remarks=st.lists(st.builds(Remark, message=texts, location=st.none() | locations), max_size=2).map(tuple),
    baseline=texts,
)
