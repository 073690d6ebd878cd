"""The base class of rules."""

from __future__ import annotations

import inspect
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from torchdraft._source.call_sites import place_of
from torchdraft._source.locations import user_frames
from torchdraft._source.symbolic.captured import shown_locals
from torchdraft._source.symbolic.expressions import describe_origin
from torchdraft.model import Issue, Location, Severity
from torchdraft.model.events import Event, SymbolOrigin

log = logging.getLogger("torchdraft")

E = TypeVar("E", bound=Event)

SECTIONS = ("What it does", "Why it matters", "Example", "Use instead", "Fix safety")
"""The sections of every rule's page, in order."""

CODE = r"[A-Z]+[0-9]{3,}"
"""The form of a code. Codes that start with TD are torchdraft's own."""

NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
"""The form of a name."""


class Rule(ABC, Generic[E]):
    """Turns events of one kind into issues.

    A subclass sets `code`, `name`, `severity` (the usual one) and `takes` (classes of events), and implements `issue`.
    Its docstring is its documentation page and has exactly the sections of `SECTIONS`.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    takes: ClassVar[tuple[type[Event], ...]]
    mend: ClassVar[str] = ""
    """What to do about its issues, in one line."""
    calls: ClassVar[tuple[str, ...]] = ()
    """Functions (`time.sleep`) whose calls by the model are reported to the rule, as `FunctionCalled` events."""

    def accepts(self, event: E) -> bool:  # noqa: ARG002
        """Whether this rule applies to the event, whose class is in `takes`."""
        return True

    @abstractmethod
    def issue(self, event: E) -> Issue:
        """The issue for the event."""

    def place(self, event: E) -> tuple[object, ...]:
        """A key of the event's place in the code: equal for two events of one place."""
        inside = place_of([event.inside]) if event.inside is not None else ()
        return (*place_of(event.stack, event.module), *inside)

    def identity(self, event: E) -> tuple[object, ...]:  # noqa: ARG002
        """A key of the assumption: equal for two events of one place that make the same assumption."""
        return ()

    def instance(self, event: E) -> tuple[str, str] | None:  # noqa: ARG002
        """What the event assumed, as expression and value, where events of one assumption can differ in that.

        `rows.tolist()[0] > 0` and `rows.tolist()[1] > 0` in a loop are one issue, which lists both.
        """
        return None

    def code_to_write(self, event: E, location: Location | None) -> str:  # noqa: ARG002
        """The code that mends the issue, where it is known: statements for a person to write."""
        return ""

    def replacement(self, event: E, location: Location | None) -> str:  # noqa: ARG002
        """What to write in the place of the expression that `location` marks, where that alone mends the issue."""
        return ""

    def _code(self, event: Any, location: Location | None) -> tuple[str, str]:
        """`code_to_write` and `replacement`. Both read source of every kind, which must not cost the issue."""
        try:
            replacement = self.replacement(event, location)
            return self.code_to_write(event, location) or with_replaced(location, replacement), replacement
        except Exception as error:
            log.debug("no code for an issue of %s", self.code, exc_info=error)
            return "", ""

    def found(
        self,
        event: Event,
        message: str,
        *,
        severity: Severity | None = None,
        expr: str | None = None,
        value: str | None = None,
        symbols: Mapping[str, SymbolOrigin | str] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Issue:
        """An issue of this rule, with the location, stack, locals, node and module of the event."""
        stack = user_frames(event.stack)
        location = stack[-1] if stack else None
        code_to_write, replacement = self._code(event, location)
        return Issue(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            message=message,
            mend=self.mend,
            code_to_write=code_to_write,
            replacement=replacement,
            location=location,
            user_stack=stack,
            expr=expr,
            value=value,
            symbols={name: describe_origin(name, origin) for name, origin in (symbols or {}).items()},
            locals=shown_locals(event.locals),
            node=event.node,
            modules=(event.module,) if event.module else (),
            data=dict(data or {}),
        )

    @classmethod
    def page(cls) -> str:
        """The rule's documentation as Markdown."""
        body = inspect.cleandoc(cls.__doc__ or "")
        return f"# {cls.code} {cls.name}\n\nUsual severity: **{cls.severity}** ({cls.severity.meaning}).\n\n{body}\n"

    @classmethod
    def sections(cls) -> dict[str, str]:
        """Section title → text."""
        parts = re.split(r"^## (.+)$", inspect.cleandoc(cls.__doc__ or ""), flags=re.MULTILINE)
        return {title.strip(): text.strip() for title, text in zip(parts[1::2], parts[2::2], strict=True)}

    @classmethod
    def bad(cls) -> str:
        """The code of *Example*: defines `Model`, `args` and, where needed, `kwargs` and `dynamic_shapes`."""
        return _code_of(cls.sections()["Example"])

    @classmethod
    def good(cls) -> str:
        """The code of *Use instead*, which plain `torch.export.export` accepts."""
        return _code_of(cls.sections()["Use instead"])


def with_replaced(location: Location | None, replacement: str) -> str:
    """The line of a location with another expression in the place of the marked one."""
    if not replacement or location is None or location.column is None or location.end_column is None:
        return replacement
    return f"{location.source[: location.column]}{replacement}{location.source[location.end_column :]}".strip()


def _code_of(section: str) -> str:
    return "\n".join(re.findall(r"^```python\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL))
