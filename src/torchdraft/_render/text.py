"""Renders reports as plain text: the terminal output without colour, at a fixed width."""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich.console import Console, RenderableType

from torchdraft.model import Report

from .terminal import render_report

WIDTH = 100


def render_text(report: Report, width: int = WIDTH) -> str:
    """The report as text, the same in every environment, without ANSI codes and trailing blanks."""
    return as_text(render_report(report), width)


def as_text(renderables: Iterable[RenderableType], width: int = WIDTH) -> str:
    """The text that a console without colour prints for the renderables."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, color_system=None, force_terminal=False, highlight=False, emoji=False, _environ={}
    )
    for renderable in renderables:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())
