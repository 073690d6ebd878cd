"""Every snippet and every command of these pages runs, and prints what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(python|text|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {
    name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("debugging", "quickstart", "mend-and-ship")
}


def chapters(page: str) -> list[str]:
    return re.split(r"^##+ ", page, flags=re.MULTILINE)[1:]


def code(text: str) -> list[tuple[str, str]]:
    """The snippet of a chapter and its output. `# model.py` is what the commands take."""
    return [(kind, body) for kind, body in BLOCK.findall(text) if kind != "sh" and not body.startswith("# model.py")]


def title(text: str) -> str:
    return text.partition("\n")[0]


SNIPPETS = [
    pytest.param(name, chapter, id=f"{name}: {title(chapter)}")
    for name, page in PAGES.items()
    for chapter in chapters(page)
    if code(chapter)
]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("name", "chapter"), SNIPPETS)
def test_the_code_prints_what_stands_there(name, chapter, tmp_path):
    """In a file, so that the code has source lines."""
    blocks = code(chapter)
    assert [kind for kind, _ in blocks] == ["python", "text"]
    (tmp_path / f"{name}.py").write_text(blocks[0][1])
    done = run([sys.executable, "-W", "ignore", f"{name}.py"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == blocks[1][1].strip()


@pytest.mark.parametrize(("name", "count", "written"), [("debugging", 9, "torch.log"), ("quickstart", 6, "both.pt2")])
def test_the_commands_run_one_after_the_other(name, count, written, tmp_path):
    blocks = BLOCK.findall(PAGES[name])
    (model,) = [body for _, body in blocks if body.startswith("# model.py")]
    commands = [line for kind, text in blocks if kind == "sh" for line in text.splitlines()]
    assert len(commands) >= count
    (tmp_path / "model.py").write_text(model)
    for line in commands:
        program, *arguments = shlex.split(line)
        assert program == "torchdraft"
        done = run([sys.executable, "-m", "torchdraft", *arguments], tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / written).stat().st_size > 0


def test_the_page_on_debugging_has_every_section_of_the_questions_it_answers():
    titles = {title(chapter) for chapter in chapters(PAGES["debugging"])}
    assert {
        "Export failures",
        "Dynamic shapes",
        "Strict and non-strict",
        "In-place operations",
        "Control flow",
    } <= titles
    assert {"Control flow", "Exported graphs", "Saving and loading", "Logs", "Pre-dispatch and post-dispatch"} <= titles
    assert {"Custom operators", "Export and `torch.compile`", "Which way works"} <= titles
    assert {"Useful configurations", "Options of a draft"} <= titles
