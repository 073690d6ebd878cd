"""The pages show what the examples print. Seconds differ from run to run."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SEPARATOR = "-- the verification --"
FIRST = f"""
import runpy, torchdraft
first = runpy.run_path("examples/first.py")
print({SEPARATOR!r})
print(torchdraft.verify(first["program"], first["Pool"](), n=20))
"""


def shown(page: str) -> list[str]:
    """The outputs on a page."""
    return [without_times(text) for text in BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))]


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d+ s\b", "… s", text.strip())


def printed(*arguments: str, folder: str = ".") -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100"}
    command = [sys.executable, "-W", "ignore", *arguments]
    done = subprocess.run(command, cwd=ROOT / folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return without_times(done.stdout)


def test_the_first_example():
    report, _, verification = printed("-c", FIRST).partition(SEPARATOR)
    assert shown("docs/reference.md") == [report.strip()]
    assert shown("docs/verify.md")[0] == verification.strip()


def test_verification():
    assert shown("docs/verify.md")[1:] == [printed("examples/verify.py")]


def test_check():
    assert shown("docs/continuous-integration.md") == [printed("-m", "torchdraft", "check", folder="examples/check")]


def test_the_code_in_the_readme_is_the_example():
    code = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    example = re.sub(r": torch\.Tensor| -> torch\.Tensor", "", (ROOT / "examples/first.py").read_text())
    lines = example.splitlines()
    assert [line for line in code.splitlines() if line not in lines] == []


@pytest.fixture
def gen_picture(tmp_path):
    spec = importlib.util.spec_from_file_location("gen_picture", ROOT / "tools/gen_picture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_stale_picture_is_found(gen_picture, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gen_picture, "ROOT", tmp_path)
    monkeypatch.setattr(gen_picture, "PICTURE", tmp_path / "docs/images/report.svg")
    monkeypatch.setattr(gen_picture, "report", lambda: gen_picture.torchdraft.Report(model="Net"))
    assert gen_picture.main(["--check"]) == 1
    assert gen_picture.main([]) == 0
    assert gen_picture.main(["--check"]) == 0
    assert "Net" in "".join(xml.etree.ElementTree.parse(tmp_path / "docs/images/report.svg").getroot().itertext())
    assert "docs/images/report.svg" in capsys.readouterr().out
