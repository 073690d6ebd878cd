"""Renders a report as one self-contained HTML page."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from torchdraft.model import Report

from . import words
from .grouping import grouped


def render_html(report: Report) -> str:
    """The page. It has no scripts and loads nothing, and has a light and a dark style."""
    shown = grouped(report.issues)
    groups = [(severity, [issue for issue in shown if issue.severity == severity]) for severity in report.counts()]
    return _template().render(report=report, groups=groups, words=words)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8"))
