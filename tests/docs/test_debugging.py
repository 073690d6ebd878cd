"""Every snippet and every command of the page on debugging runs, and prints what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "debugging.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(python|text|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHAPTERS = [chapter for chapter in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)[1:] if "```python" in chapter]
MODEL = BLOCK.findall(PAGE)[0][1]
COMMANDS = [line for kind, text in BLOCK.findall(PAGE) if kind == "sh" for line in text.splitlines()]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.partition("\n")[0])
def test_the_code_prints_what_stands_there(chapter, tmp_path):
    """In a file, so that the code has source lines."""
    blocks = [(kind, text) for kind, text in BLOCK.findall(chapter) if kind != "sh"]
    assert [kind for kind, _ in blocks] == ["python", "text"]
    (tmp_path / "snippet.py").write_text(blocks[0][1])
    done = run([sys.executable, "-W", "ignore", "snippet.py"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == blocks[1][1].strip()


def test_the_commands_run_one_after_the_other(tmp_path):
    assert len(COMMANDS) >= 9
    assert MODEL.startswith("# model.py")
    (tmp_path / "model.py").write_text(MODEL)
    for line in COMMANDS:
        program, *arguments = shlex.split(line)
        assert program == "torchdraft"
        done = run([sys.executable, "-m", "torchdraft", *arguments], tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / "torch.log").stat().st_size > 0


def test_the_page_has_every_section_of_the_questions_it_answers():
    titles = {chapter.partition("\n")[0] for chapter in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)[1:]}
    assert {
        "Export failures",
        "Dynamic shapes",
        "Strict and non-strict",
        "In-place operations",
        "Control flow",
    } <= titles
    assert {"Control flow", "Exported graphs", "Saving and loading", "Logs", "Pre-dispatch and post-dispatch"} <= titles
    assert {"Custom operators", "Export and `torch.compile`", "Which way works"} <= titles
