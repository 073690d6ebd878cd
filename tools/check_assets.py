"""Checks that the script and style of the HTML page are what their sources in `web/` build.

    python tools/check_assets.py

Builds them in a copy of `web/`, with the versions of its lockfile. The exit status is 1 if a file differs from the one
in `src/torchdraft/_page/assets/`. Where npm is not installed, or reaches no registry, nothing is compared, which is
said; then the exit status is 0.
"""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
WEB = ROOT / "web"
ASSETS = ROOT / "src" / "torchdraft" / "_page" / "assets"
FILES = ("page.js", "page.css", "LICENSES.txt")


def differing(built: Path, committed: Path) -> list[str]:
    """The names of the files that are missing in one of the folders, or differ."""
    _, different, missing = filecmp.cmpfiles(built, committed, FILES, shallow=False)
    return sorted([*different, *missing])


def build(web: Path, folder: Path) -> str:
    """Build the page's files from a copy of `web` into a folder. Returns what went wrong; raises nothing."""
    copy = folder / "web"
    shutil.copytree(web, copy, ignore=shutil.ignore_patterns("node_modules"))
    for command in (["npm", "ci"], ["npm", "run", "types"], ["node", "build.mjs", str(folder / "built")]):
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"{' '.join(command[:2])} failed: {(done.stdout + done.stderr).strip()[-2000:]}"
    return ""


def main() -> int:
    """Build, compare, print."""
    if shutil.which("npm") is None:
        print("assets: not compared, npm is not installed")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if problem := build(WEB, folder):
            offline = problem.startswith("npm ci")
            print(f"assets: not compared, {problem}" if offline else f"assets: {problem}")
            return 0 if offline else 1
        found = differing(folder / "built", ASSETS)
    if found:
        print(f"assets: {', '.join(found)} differ from what web/ builds; run: make assets")
    else:
        print("assets: the page's script and style are what web/ builds")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
