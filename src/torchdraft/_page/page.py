"""Puts the page together: one file with its style, its script and its content."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from torchdraft._render import words
from torchdraft.model import Report

from .content import Content

FRAME_HEIGHT = 680
"""Pixels of the frame in a notebook."""


def render_page(report: Report) -> str:
    """The page. It loads nothing, and its policy forbids other scripts than its own."""
    script = _asset("page.js")
    page = _template().render(
        title=f"{report.model or 'Model'} – torchdraft",
        text=str(report),
        policy=_hash(script),
        style=_asset("page.css"),
        script=script,
        licenses=_asset("LICENSES.txt"),
        content=_json(Content(report).data()),
    )
    return page.encode("utf-8", "backslashreplace").decode("utf-8")  # names of a model can have lone surrogates


def render_frame(report: Report) -> str:
    """The page in a frame, after its first line for viewers that show no frames."""
    page = escape(render_page(report), quote=True)
    return (
        f"<div>{escape(words.summary(report))}</div>"
        f'<iframe srcdoc="{page}" title="torchdraft report" sandbox="allow-scripts allow-popups allow-modals" '
        f'style="width:100%;height:{FRAME_HEIGHT}px;border:1px solid #8884;border-radius:6px"></iframe>'
    )


def _json(content: dict[str, Any]) -> str:
    """JSON that can stand in a page: without `<`, no text of it ends the element or begins a comment."""
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@lru_cache(maxsize=3)
def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files(__package__).joinpath("page.html.j2").read_text(encoding="utf-8"))
