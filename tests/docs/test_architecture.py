"""The picture in ARCHITECTURE.md is the folder tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "torchdraft"
ENTRY = re.compile(r"^((?:│   |    )*)[├└]── (\w+)/", re.MULTILINE)


def drawn(text: str) -> list[str]:
    """The folders of the picture as paths, such as `_draft/reads`."""
    above: list[str] = []
    found = []
    for indent, name in ENTRY.findall(text):
        above = [*above[: len(indent) // 4], name]
        found.append("/".join(above))
    return found


def folders() -> list[str]:
    """The package folders in the source."""
    return [str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]


def test_the_picture_is_the_folder_tree():
    assert sorted(drawn((ROOT / "ARCHITECTURE.md").read_text())) == sorted(folders())


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("src/\n├── a/   x\n│   └── b/   y\n└── c/\n", ["a", "a/b", "c"]),
        ("├── a/\n│   ├── b/\n│   │   └── c/\n│   │       x\n│   └── d/\n", ["a", "a/b", "a/b/c", "a/d"]),
    ],
)
def test_how_a_picture_is_read(text, paths):
    assert drawn(text) == paths


def test_a_folder_that_the_picture_lacks_is_found():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    without = "\n".join(line for line in text.splitlines() if "── shapes/" not in line)
    assert set(folders()) - set(drawn(without)) == {"_draft/shapes"}


@pytest.mark.parametrize("folder", folders())
def test_every_folder_has_its_text(folder):
    """Below the picture, the folder stands in backticks: by its path, or inside that of a file."""
    text = (ROOT / "ARCHITECTURE.md").read_text().partition("## The folders")[2]
    assert f"`{folder}/" in text
