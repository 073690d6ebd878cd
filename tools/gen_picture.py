"""Draws the report of examples/first.py as a terminal shows it: docs/images/report.svg, the picture in the README.

    python tools/gen_picture.py [--check]

With `--check` nothing is written, and the exit status is 1 if the file is missing or stale.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
import runpy
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

import torchdraft

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "report.svg"
EXAMPLE = "examples/first.py"
WIDTH = 100
SECONDS = {"total": 0.25}
"""In the place of the measured seconds, which differ from run to run."""
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
LAYOUT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", FONTS
)
"""rich's layout with fonts that a system has. A browser would load rich's own font from another server."""


def report() -> torchdraft.Report:
    """The report of the example, without measured times."""
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(io.StringIO()):
        made: torchdraft.Report = runpy.run_path(EXAMPLE)["program"]._report
    return dataclasses.replace(made, stats=dataclasses.replace(made.stats, seconds=SECONDS))


def drawn(shown: torchdraft.Report) -> str:
    """The picture of a report."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(shown)
    svg = console.export_svg(title=f"python {EXAMPLE}", code_format=LAYOUT, unique_id="report")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main(arguments: list[str]) -> int:
    """Write the picture, or check it with `--check`."""
    text = drawn(report())
    current = PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == text
    name = PICTURE.relative_to(ROOT)
    if arguments == ["--check"]:
        if not current:
            print(f"{name} does not match the source; run: python tools/gen_picture.py")
        return int(not current)
    if not current:
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(text, encoding="utf-8")
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
