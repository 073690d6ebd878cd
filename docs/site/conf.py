"""Settings of the documentation site, which Sphinx builds from the Markdown pages of the whole repository.

    python tools/build_site.py

The pages are written for a code host: plain Markdown, with relative links. What only the site needs is here: the
navigation, which is added to the pages as they are read, and the settings of MyST, autodoc and furo.
"""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config, GoogleDocstring

project = "torchdraft"
author = "torchdraft contributors"
version = release = installed_version("torchdraft")
html_title = "torchdraft"

root_doc = "README"
include_patterns = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/**",
    "benchmarks/RESULTS.md",
]
exclude_patterns = [".*", "build", "dist", "web", "src", "tests", "shared", "**/node_modules"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
myst_heading_anchors = 4  # the anchors that code hosts give to headings
highlight_language = "none"  # of blocks that name no language: outputs and commands
default_role = "code"  # docstrings have single backticks, as Markdown does
copybutton_exclude = ".linenos, .gp, .go"

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"  # a dataclass lists its fields as attributes; its __init__ would repeat them
autodoc_default_options = {"members": True, "undoc-members": True, "exclude-members": "__init__, __new__"}
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 90

html_theme = "furo"
html_additional_pages = {"index": "redirect.html"}
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sphinx = False

START = ("docs/install", "docs/quickstart", "docs/mend-and-ship", "docs/how-it-works")
TOPICS = (
    "docs/rules/README",
    "docs/guide/custom-operators",
    "docs/guide/every-path",
    "docs/continuous-integration",
    "docs/debugging",
    "docs/limits",
    "docs/benchmarks",
)
REFERENCE = ("docs/api", "docs/reference", "docs/command-line", "docs/page", "docs/verify", "docs/comparison")
PROJECT = ("CHANGELOG", "CONTRIBUTING", "ARCHITECTURE", "docs/internals/*")

NAVIGATION = {
    "README": {"Start": START, "Topics": TOPICS, "Reference": REFERENCE, "Project": PROJECT},
    "docs/mend-and-ship": {"": ("docs/guide/mending", "docs/shipping")},
    "docs/rules/README": {"": ("docs/rules/TD*",)},
    "docs/guide/custom-operators": {"": ("docs/guide/operator-profiles",)},
    "docs/benchmarks": {"": ("benchmarks/RESULTS",)},
}
"""Page → caption of a group in its navigation → the pages below it, in order."""


def add_navigation(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Append the tables of contents of a page, which only the sidebar shows."""
    for caption, pages in NAVIGATION.get(docname, {}).items():
        entries = "".join(f"/{page}\n" for page in pages)
        options = ":hidden:\n:glob:\n" + (f":caption: {caption}\n" if caption else "")
        source[0] += f"\n\n```{{toctree}}\n{options}\n{entries}```\n"


def read_sections(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Turn the sections `Args:`, `Returns:` and `Raises:` of a docstring into fields.

    The extension napoleon would do so for attributes too, and take what stands before a colon for their type.
    """
    if what != "attribute":
        lines[:] = GoogleDocstring(list(lines), Config(napoleon_use_rtype=False), app, what, name, obj, options).lines()


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", add_navigation)
    app.connect("autodoc-process-docstring", read_sections)
