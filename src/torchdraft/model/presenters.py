"""How the classes of `model` reach their renderers, which `model` must not import.

`Report` and `Verification` have methods that render them. A presenter does the work; the package names it with
`provide`, and it is imported when such a method is first called.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from rich.console import RenderableType

Shown = TypeVar("Shown")
ShownContra = TypeVar("ShownContra", contravariant=True)


class Presenter(Protocol[ShownContra]):
    """Renders objects of one class."""

    def summary(self, shown: ShownContra) -> str:
        """The object in one line."""

    def text(self, shown: ShownContra) -> str:
        """The object as plain text."""

    def renderables(self, shown: ShownContra) -> Iterator[RenderableType]:
        """The object for a rich console."""


class DocumentPresenter(Presenter[Shown], Protocol[Shown]):
    """Also writes and reads JSON."""

    def to_json(self, shown: Shown, *, indent: int | None) -> str:
        """The object as JSON text."""

    def from_json(self, text: str | bytes) -> Shown:
        """The object that `to_json` wrote. Raises `ReportFormatError` for other text."""


_provided: dict[str, str] = {}
"""Class name → where its presenter is, as `module:attribute`."""


def provide(cls: str, presenter: str) -> None:
    """Name the presenter of a class as `module:attribute`. Nothing is imported yet."""
    _provided[cls] = presenter


def presenter_of(cls: str) -> Any:
    """The presenter of a class. Raises `LookupError` if none was provided."""
    if cls not in _provided:
        raise LookupError(f"no presenter is provided for {cls}; torchdraft/__init__.py provides those of the package")
    module, _, attribute = _provided[cls].partition(":")
    state = random.getstate()  # importing rich draws a number, and a draft must not change the random state
    try:
        return getattr(importlib.import_module(module), attribute)
    finally:
        random.setstate(state)
