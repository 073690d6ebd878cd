"""Facts about code objects are computed once for each, and equal code objects have equal keys."""

from __future__ import annotations

from types import CodeType

from torchdraft._source.code import per_code
from torchdraft._source.code.per_code import cached_per_code, code_key


def compiled(text: str) -> CodeType:
    return compile(text, "m.py", "exec")


def test_a_fact_is_computed_once_for_each_code_and_argument(monkeypatch):
    calls = []

    @cached_per_code
    def fact(code: CodeType, number: int) -> int:
        calls.append((code, number))
        return len(code.co_code) + number

    one, two = compiled("a"), compiled("a + b")
    for _ in range(3):
        assert [fact(one, 1), fact(one, 2), fact(two, 1)] == [len(c.co_code) + n for c, n in calls[:3]]
    assert len(calls) == 3
    monkeypatch.setattr(per_code, "MOST_KNOWN", 1)
    assert fact(two, 5) == len(two.co_code) + 5


def test_equal_code_has_equal_keys():
    assert code_key(compiled("a + b")) == code_key(compiled("a + b")) != code_key(compiled("a - b"))
