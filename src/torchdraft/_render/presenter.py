"""The presenters of reports and verifications: what the methods of `torchdraft.model`'s classes call."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from torchdraft._render import shipment, verification_words, words
from torchdraft._render.json import document
from torchdraft.model import Report, Verification
from torchdraft.model.shipment import Shipment

from .terminal import render_report
from .text import WIDTH, as_text, render_text
from .verification import render_verification
from .verification_text import render_verification_text


class ReportPresenter:
    """A `DocumentPresenter[Report]`."""

    def summary(self, shown: Report) -> str:
        return words.summary(shown)

    def text(self, shown: Report) -> str:
        return render_text(shown)

    def renderables(self, shown: Report) -> Iterator[RenderableType]:
        return render_report(shown)

    def to_json(self, shown: Report, *, indent: int | None) -> str:
        return document.to_json(shown, indent=indent)

    def from_json(self, text: str | bytes) -> Report:
        return document.from_json(text)


class VerificationPresenter:
    """A `Presenter[Verification]`."""

    def summary(self, shown: Verification) -> str:
        return verification_words.summary(shown)

    def text(self, shown: Verification) -> str:
        return render_verification_text(shown)

    def renderables(self, shown: Verification) -> Iterator[RenderableType]:
        return render_verification(shown)


class ShipmentPresenter:
    """A `Presenter[Shipment]`."""

    def summary(self, shown: Shipment) -> str:
        return shipment.summary(shown)

    def text(self, shown: Shipment) -> str:
        return as_text(shipment.render_shipment(shown), WIDTH)

    def renderables(self, shown: Shipment) -> Iterator[RenderableType]:
        return shipment.render_shipment(shown)


REPORTS = ReportPresenter()
VERIFICATIONS = VerificationPresenter()
SHIPMENTS = ShipmentPresenter()
