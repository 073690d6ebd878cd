"""Draws the page of examples/speech.py's report: docs/images/page.png, the first picture in the README.

    python tools/gen_screenshot.py

Needs Chromium and playwright (`make browser`). Fonts differ between machines, so no check compares the picture.
"""

from __future__ import annotations

import dataclasses
import runpy
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import torchdraft

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "page.png"
ADDRESS = "#/issues"
SIZE = {"width": 1240, "height": 760}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def report() -> torchdraft.Report:
    """The report of the example, with its file named as in the repository."""
    model, args, kwargs, shapes = runpy.run_path(str(ROOT / "examples" / "speech.py"))["build"]()
    made: Any = torchdraft.draft_export(model, args, kwargs, dynamic_shapes=shapes)._report
    return dataclasses.replace(made, stats=dataclasses.replace(made.stats, seconds={}))


def main() -> int:
    """Write the picture."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        print("Chromium is not installed; run: make browser")
        return 1
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        path = Path(name) / "page.html"
        report().to_html(path)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(path.as_uri() + ADDRESS)
        page.wait_for_selector("article")
        page.screenshot(path=PICTURE)
        browser.close()
    print(PICTURE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
