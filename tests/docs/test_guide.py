"""The code in the pages of the guide runs, one process per chapter, and prints the output that the pages show."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SEPARATOR = "-- the next block --"


def chapters():
    for page in sorted((ROOT / "docs" / "guide").glob("*.md")):
        for chapter in re.split(r"^##+ ", page.read_text(), flags=re.MULTILINE)[1:]:
            if BLOCK.search(chapter):
                yield pytest.param(chapter, id=f"{page.stem}: {chapter.partition(chr(10))[0]}")


CHAPTERS = list(chapters())


def test_there_are_chapters():
    assert len(CHAPTERS) >= 4


def without_times(text: str) -> str:
    """Seconds differ from run to run, and so does what is done in a number of them."""
    text = re.sub(r"(Learned from|Tested on) \d+", r"\1 …", text.strip())
    return re.sub(r"\d+\.\d+ s\b", "… s", text)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_code_prints_what_stands_there(chapter):
    blocks = BLOCK.findall(chapter)
    code = [text for kind, text in blocks if kind == "python"]
    needs = set(re.findall(r"^import (\w+)", "".join(code), flags=re.MULTILINE))
    if missing := [name for name in sorted(needs) if find_spec(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    script = f"\nprint({SEPARATOR!r})\n".join(code)
    command = [sys.executable, "-W", "ignore", "-c", script]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    printed = run.stdout.split(SEPARATOR)
    shown = []
    for index, (kind, _) in enumerate(blocks):
        if kind == "python":
            follows = blocks[index + 1] if index + 1 < len(blocks) else ("", "")
            shown.append(follows[1] if follows[0] == "text" else "")
    assert [without_times(text) for text in printed] == [without_times(text) for text in shown]
