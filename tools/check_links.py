"""Checks that relative links in Markdown files lead somewhere, and that documented paths exist.

    python tools/check_links.py [ROOT]

A link may name a heading (`page.md#heading`). In the pages of `WITH_PATHS`, a path in backticks, such as `tests/cases/`
or `_draft/reads/registry.py`, has to exist below the root or below `src/torchdraft/`. A path with one of `PLACEHOLDERS`
in it stands for any file. The exit status is 1 if a link or a path is broken.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "src/torchdraft"
NOT_OURS = ("build", "dist", "node_modules")
"""Folders that are not documentation of the project, besides hidden ones."""
WITH_PATHS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "docs/internals/*.md")
PLACEHOLDERS = ("NNN", "its_name")

_FENCE = re.compile(r"^(```|~~~).*?^\1[^\S\n]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]\n]*\]\(<?([^)\s>]+)>?[^)\n]*\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)[ #]*$", re.MULTILINE)
_PATH = re.compile(r"[\w.-]+(/[\w.-]+)+/?|[\w.-]+/")


def pages(root: Path) -> list[Path]:
    """The Markdown files of the project."""
    found = (path for path in root.rglob("*.md") if not _skipped(path.relative_to(root)))
    return sorted(found)


def _skipped(path: Path) -> bool:
    return any(part in NOT_OURS or part.startswith(".") for part in path.parts)


def broken_links(page: Path) -> Iterator[str]:
    """The relative links of a page that lead nowhere."""
    text = _without_code(page.read_text(encoding="utf-8"))
    for match in _LINK.finditer(text):
        target, _, heading = match[1].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = page.parent / target if target else page
        if not path.exists() or (heading and path.suffix == ".md" and heading not in headings(path)):
            yield match[1]


def headings(page: Path) -> set[str]:
    """The anchors that code hosts give to the headings of a page."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = (match[1].replace("`", "").lower() for match in _HEADING.finditer(text))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def missing_paths(page: Path, root: Path) -> Iterator[str]:
    """The paths in backticks that exist neither below the root nor below the package."""
    for match in _CODE.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        path = match[1]
        if not _PATH.fullmatch(path) or any(placeholder in path for placeholder in PLACEHOLDERS):
            continue
        if not any((base / path).exists() for base in (root, root / PACKAGE)):
            yield path


def _without_code(text: str) -> str:
    return _CODE.sub("", _FENCE.sub("", text))


def problems(root: Path) -> list[str]:
    """A message for each broken link and each missing path."""
    lines = []
    for page in pages(root):
        name = page.relative_to(root).as_posix()
        lines += [f"{name}: the link {link} leads nowhere" for link in broken_links(page)]
    for page in (page for pattern in WITH_PATHS for page in sorted(root.glob(pattern))):
        name = page.relative_to(root).as_posix()
        lines += [f"{name}: there is no {path}" for path in missing_paths(page, root)]
    return lines


def main(arguments: list[str]) -> int:
    """Print the problems; the exit status is 1 if there are any."""
    lines = problems(Path(arguments[0]) if arguments else ROOT)
    print("\n".join(lines) or "links: every link and every path exists")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
