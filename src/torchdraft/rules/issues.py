"""Events in, issues out: nothing lost, nothing told twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torchdraft.model import Issue
from torchdraft.model.events import Event
from torchdraft.rules.catalogue.td900_rule_failed import RuleFailed

from .registry import all_rules, broken_plugins
from .rule import Rule

Key = tuple[object, ...]


@dataclass(slots=True)
class _Finding:
    """One issue while its repetitions are being counted."""

    issue: Issue
    occurrences: int = 1
    modules: dict[str, None] = field(default_factory=dict)
    values: dict[str, None] = field(default_factory=dict)
    nodes: dict[str, None] = field(default_factory=dict)

    def again(self, event: Event) -> None:
        """Note one more event of the same assumption."""
        for kept, text in ((self.modules, event.module), (self.nodes, event.node), (self.values, _value(event))):
            if text:
                kept[text] = None

    def told(self) -> Issue:
        """The issue with its count, its modules, and the values and nodes where there were several."""
        several = {"values": list(self.values), "nodes": list(self.nodes)}
        data = {name: texts for name, texts in several.items() if len(texts) > 1}
        return replace(
            self.issue,
            occurrences=self.occurrences,
            modules=tuple(self.modules),
            data={**self.issue.data, **data},
        )


def issues_from(events: Iterable[Event], rules: Sequence[Rule[Any]] | None = None) -> tuple[Issue, ...]:
    """The issues that the events make, worst severity first, then in the order they first happened.

    Without `rules`, those there are; a note for each that another package ships and that can't be used.
    """
    findings: dict[Key, _Finding] = {}
    judges = all_rules() if rules is None else rules
    for event in events:
        for rule in judges:
            if isinstance(event, rule.takes):
                _judge(rule, event, findings)
    issues = [finding.told() for finding in findings.values()]
    issues += [RuleFailed().not_loaded(plugin) for plugin in broken_plugins()] if rules is None else []
    return tuple(sorted(issues, key=lambda issue: -issue.severity.rank))


def _judge(rule: Rule[Any], event: Event, findings: dict[Key, _Finding]) -> None:
    """A rule that raises costs one note per rule, never the report."""
    key: Key
    try:
        if not rule.accepts(event):
            return
        key = (rule.code, rule.identity(event), rule.place(event))
        if key not in findings:
            findings[key] = _Finding(rule.issue(event), occurrences=0)
    except Exception as error:
        key = (RuleFailed.code, rule.code)
        findings.setdefault(key, _Finding(RuleFailed().crashed(rule, event, error), occurrences=0))
    findings[key].occurrences += 1
    findings[key].again(event)


def _value(event: Event) -> str | None:
    value = getattr(event, "value", None)
    return None if value is None else str(value)
