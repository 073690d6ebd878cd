"""Writes docs/rules/ from the rules' docstrings.

    python tools/gen_docs.py [--check]

With `--check` nothing is written; exit status 1 when a page is missing, stale or left over.
"""

from __future__ import annotations

import sys
from pathlib import Path

from torchdraft.rules import all_rules

FOLDER = Path(__file__).parent.parent / "docs/rules"
INDEX_HEAD = """# Rules

Every assumption that a draft makes is an issue with a code. Codes never change meaning.
`torchdraft explain TD101` prints a page, `torchdraft rules` lists them all.

| code | name | usual severity |
| --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """File name → text."""
    rules = all_rules()
    rows = "".join(f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} |\n" for rule in rules)
    return {"README.md": INDEX_HEAD + rows} | {f"{rule.code}.md": rule.page() for rule in rules}


def stale() -> list[str]:
    """Names of the pages on disk that are not what the rules say."""
    wanted = pages()
    present = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def main(arguments: list[str]) -> int:
    """Write the pages, or check them."""
    outdated = stale()
    if arguments == ["--check"]:
        for name in outdated:
            print(f"docs/rules/{name} is not what the rules say; run: python tools/gen_docs.py")
        return 1 if outdated else 0
    wanted = pages()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in outdated:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
        print(f"docs/rules/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
