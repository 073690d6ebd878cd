"""Builds the documentation site into build/site, and checks the links in the built pages.

    python tools/build_site.py [FOLDER]

Warnings of Sphinx are errors. The exit status is 1 if there are any, or if a link leads nowhere.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parent.parent
SETTINGS = "docs/site"
OUTPUT = ROOT / "build" / "site"


class Page(HTMLParser):
    """The links and the anchors of one built page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def build(output: Path) -> int:
    """Run Sphinx; the pages are in `output` afterwards."""
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--builder", "html"]
    folders = ["--conf-dir", SETTINGS, "--doctree-dir", str(output.with_name(f"{output.name}-doctrees"))]
    command = [sys.executable, "-m", "sphinx", *options, *folders, ".", str(output)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def broken_links(site: Path) -> Iterator[str]:
    """A message for each link inside the site that leads nowhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        for link in page.links:
            if not _leads_somewhere(link, path, pages):
                yield f"{path.relative_to(site)}: the link {link} leads nowhere"


def _leads_somewhere(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    target = target / "index.html" if target.is_dir() else target
    anchor = unquote(parts.fragment)
    if not anchor or target not in pages:
        return target.exists()
    return anchor in pages[target].anchors


def main(arguments: list[str]) -> int:
    """Build, then check."""
    output = Path(arguments[0]).resolve() if arguments else OUTPUT
    if build(output):
        return 1
    lines = list(broken_links(output))
    print("\n".join(lines) or f"site: {output} is built, and every link in it leads somewhere")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
