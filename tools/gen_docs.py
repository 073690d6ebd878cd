"""Writes the generated files under docs/: the rules' pages from their docstrings, the schemas from the classes,
the lists of patches and of graph passes from their declarations.

    python tools/gen_docs.py [--check]

With `--check` nothing is written, and the exit status is 1 if a file is missing, stale or left over.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from torchdraft._draft.finish.passes.registry import GraphPass, Stage
from torchdraft._draft.finish.pipeline import ordered_passes
from torchdraft._render.json import schema
from torchdraft._torch.patching.registry import Patch, load
from torchdraft._torch.patching.scopes import SCOPES
from torchdraft.rules.registry import own_rules

FOLDER = Path(__file__).parent.parent / "docs"
INDEX_HEAD = """# Rules

Every assumption that a draft makes is an issue with a code. Codes never change meaning.
`torchdraft explain TD101` prints a page, `torchdraft rules` lists them all.

| code | name | usual severity |
| --- | --- | --- |
"""
PATCHES_HEAD = """# Patches

While a draft runs, torchdraft changes torch and a few functions of Python's library. Each change is declared once, with
`@patches` or `@temporary` (`src/torchdraft/_torch/patching/registry.py`). Entering a scope applies all of its patches,
and leaving it undoes them, after an exception and a KeyboardInterrupt as well. This page is generated from the
declarations.
"""

PASSES_HEAD = """# Graph passes

After a trace, these passes change the program so that it can be saved, loaded, decomposed and exported again. Each is
declared once, with `@graph_pass` or `@program_pass` (`src/torchdraft/_draft/finish/passes/registry.py`). They run in
the order of this page, which is generated from the declarations.
"""
STAGES = {
    Stage.REWRITE: "Replaces operations by others.",
    Stage.DESCRIBE: "Makes the signature and the example inputs agree with the graph.",
    Stage.SAVE: "Changes how a program is written to a file. Runs again before every save.",
}


def documents() -> dict[str, str]:
    """Path below docs/ → text. Schemas of earlier versions are not included, and their files stay unchanged."""
    rules = own_rules()
    rows = "".join(f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} |\n" for rule in rules)
    pages = {f"rules/{rule.code}.md": rule.page() for rule in rules}
    schemas = {f"schema/{name}": schema.text(body) for name, body in schema.published().items()}
    internals = {"internals/patches.md": _patches_page(), "internals/graph-passes.md": _passes_page()}
    return {"rules/README.md": INDEX_HEAD + rows, **internals, **pages, **schemas}


def _patches_page() -> str:
    importlib.import_module("torchdraft._draft.entry")  # declares those patches that are not in _torch/patches/
    load()
    page = PATCHES_HEAD
    for scope in SCOPES:
        page += f"\n## {scope.name}\n\nIn force {scope.holds}.\n\n"
        page += "| target | what changes | why | upstream | declared in |\n| --- | --- | --- | --- | --- |\n"
        page += "".join(_row(patch) for patch in scope.patches)
    return page


def _passes_page() -> str:
    page = PASSES_HEAD
    for stage, what in STAGES.items():
        page += f"\n## {stage.name}\n\n{what}\n\n"
        page += "| pass | what it does | why | works around | runs after | declared in |\n"
        page += "| --- | --- | --- | --- | --- | --- |\n"
        page += "".join(_pass_row(each) for each in ordered_passes() if each.stage is stage)
    return page


def _pass_row(each: GraphPass) -> str:
    """A graph pass as a row of the table."""
    after = "<br>".join(f"`{name}`: {reason}" for name, reason in each.after.items())
    upstream = f"`{each.upstream}`" if each.upstream else ""
    file = each.run.__module__.removeprefix("torchdraft.").replace(".", "/")
    cells = (f"`{each.name}`", each.what, each.why, upstream, after, f"`{file}.py`")
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _row(patch: Patch) -> str:
    """A patch as a row of the table."""
    targets = "<br>".join(f"`{target.path}`" for target in patch.targets)
    file = patch.function.__module__.removeprefix("torchdraft.").replace(".", "/")
    cells = (targets, patch.what, patch.why, patch.upstream, f"`{file}.py`: `{patch.function.__name__}`")
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def stale() -> list[str]:
    """Paths of the files whose text differs from the generated text."""
    wanted = documents()
    paths = {FOLDER / name for name in wanted} | set(FOLDER.glob("rules/*.md"))
    present = {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in paths if path.exists()}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def main(arguments: list[str]) -> int:
    """Write the files, or check them with `--check`."""
    outdated = stale()
    if arguments == ["--check"]:
        for name in outdated:
            print(f"docs/{name} does not match the source; run: python tools/gen_docs.py")
        return 1 if outdated else 0
    wanted = documents()
    for name in outdated:
        path = FOLDER / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
