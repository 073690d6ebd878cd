"""Makes issues of events: every event is counted, and equal assumptions become one issue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torchdraft._source.symbolic.expression_text import text_of
from torchdraft.model import Issue
from torchdraft.model.events import Event

from . import failures
from .registry import all_rules, broken_plugins
from .rule import Rule

Key = tuple[object, ...]


@dataclass(slots=True)
class _Finding:
    """One issue, and the events counted for it so far."""

    issue: Issue
    occurrences: int = 0
    modules: dict[str, None] = field(default_factory=dict)
    values: dict[str, None] = field(default_factory=dict)
    nodes: dict[str, None] = field(default_factory=dict)
    instances: dict[tuple[str, str], None] = field(default_factory=dict)

    def count(self, event: Event, instance: tuple[str, str] | None = None) -> None:
        """Count one more event of the same assumption."""
        if instance is not None:
            self.instances[instance] = None
        self.occurrences += 1
        for texts, text in ((self.modules, event.module), (self.nodes, event.node), (self.values, _value(event))):
            if text:
                texts[text] = None

    def counted_issue(self) -> Issue:
        """The issue with its count and its modules, and with the values, nodes and expressions if there are several."""
        several = {"values": list(self.values), "nodes": list(self.nodes)}
        data: dict[str, Any] = {name: texts for name, texts in several.items() if len(texts) > 1}
        if len({expr for expr, _ in self.instances}) > 1:
            data["instances"] = [{"expr": expr, "value": value} for expr, value in self.instances]
        return replace(
            self.issue,
            occurrences=self.occurrences,
            modules=tuple(self.modules),
            data={**self.issue.data, **data},
        )


def issues_from(events: Iterable[Event], rules: Sequence[Rule[Any]] | None = None) -> tuple[Issue, ...]:
    """The issues of the events: worst severity first, then in the order of their first event.

    Without `rules`, all rules are applied, and each entry point of another package that provides no usable rule adds a
    note.
    """
    findings: dict[Key, _Finding] = {}
    applied = all_rules() if rules is None else rules
    for event in events:
        for rule in applied:
            if isinstance(event, rule.takes):
                _apply(rule, event, findings)
    issues = [finding.counted_issue() for finding in findings.values()]
    issues += [failures.not_loaded(plugin) for plugin in broken_plugins()] if rules is None else []
    return tuple(sorted(issues, key=lambda issue: -issue.severity.rank))


def _apply(rule: Rule[Any], event: Event, findings: dict[Key, _Finding]) -> None:
    """Count the event for its issue. A rule that raises adds one note to the report and does not stop it."""
    key: Key
    instance = None
    try:
        if not rule.accepts(event):
            return
        key = (rule.code, rule.identity(event), rule.place(event))
        if key not in findings:
            findings[key] = _Finding(rule.issue(event))
        instance = rule.instance(event)
    except Exception as error:
        key = (failures.CODE, rule.code)
        findings.setdefault(key, _Finding(failures.crashed(rule, event, error)))
    findings[key].count(event, instance)


def _value(event: Event) -> str | None:
    value = getattr(event, "value", None)
    return None if value is None else text_of(value)
