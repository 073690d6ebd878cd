"""The rules that `--select` and `--ignore` name."""

from __future__ import annotations

from collections.abc import Iterable

from torchdraft._targets.usage_error import UsageError
from torchdraft.rules import all_rules, rule_named


def codes_named(option: str, values: Iterable[str]) -> frozenset[str]:
    """The codes of the rules that the values of an option name.

    A value is a code (TD101), a name (host-read), the beginning of codes (TD1), or several of these with commas.
    """
    found: set[str] = set()
    for text in (part.strip() for value in values for part in value.split(",")):
        rule = rule_named(text)
        beginning = [each.code for each in all_rules() if text[:1].isupper() and each.code.startswith(text)]
        codes = [rule.code] if rule else beginning
        if not codes:
            known = ", ".join(each.code for each in all_rules())
            raise UsageError(
                f"{option} {text!r} names no rule", expected=f"a code, a name, or the beginning of codes: {known}"
            )
        found.update(codes)
    return frozenset(found)
