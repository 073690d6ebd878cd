"""Checks that only `src/torchdraft/_torch/` uses private names of torch.

    python tools/one_door.py [FOLDER …]

Parses every other file (and imports none) and reports each line that imports a private torch module or uses a private
attribute of a torch name: `import torch._x`, `from torch.a import _b`, `torch._x`, an alias of
any of these, `import_module("torch._x")`, `getattr(torch, "_x")`. The exit status is 1 if there is
such a line.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOOR = ROOT / "src/torchdraft/_torch"
FOLDERS = ("src", "benchmarks", "tests/fuzz", "tests/ledger", "tests/verify/planted", "examples", "tools")
"""Not the other tests: some check that a draft leaves private state of torch unchanged."""

DOCUMENTED = frozenset({"torch._check", "torch._check_is_size", "torch._check_value", "torch._check_index"})
"""Names that torch documents as public although they start with an underscore."""

OPERATORS = "torch.ops."
"""Operators' names are public, with or without an underscore, because saved programs contain them."""

_READERS = frozenset({"getattr", "setattr", "hasattr", "delattr"})
_IMPORTERS = frozenset({"import_module", "__import__"})


class Finder(ast.NodeVisitor):
    """Collects `(line, dotted name)` of every use of a private name of torch."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []
        self.names: dict[str, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if _of_torch(alias.name):
                self._note(node, alias.name)
                self.names[alias.asname or "torch"] = alias.name if alias.asname else "torch"

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not node.module or not _of_torch(node.module):
            return
        for alias in node.names:
            self._note(node, f"{node.module}.{alias.name}")
            self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self._dotted(node)
        if name is None:
            self.generic_visit(node)
        else:
            self._note(node, name)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [
            arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else None for arg in node.args
        ]
        if called in _IMPORTERS and texts and isinstance(texts[0], str) and _of_torch(texts[0]):
            self._note(node, texts[0])
        if (
            called in _READERS
            and len(texts) > 1
            and isinstance(texts[1], str)
            and (owner := self._dotted(node.args[0]))
        ):
            self._note(node, f"{owner}.{texts[1]}")
        self.generic_visit(node)

    def _dotted(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Attribute):
            owner = self._dotted(node.value)
            return f"{owner}.{node.attr}" if owner else None
        return self.names.get(node.id) if isinstance(node, ast.Name) else None

    def _note(self, node: ast.AST, name: str) -> None:
        private = any(part.startswith("_") and not part.endswith("__") for part in name.split("."))
        documented = any(name == known or name.startswith(known + ".") for known in DOCUMENTED)
        if private and not documented and not name.startswith(OPERATORS):
            self.found.append((getattr(node, "lineno", 0), name))


def reaches(source: str) -> list[tuple[int, str]]:
    """Every use of a private name of torch in `source`: line and name."""
    tree = ast.parse(source)
    finder = Finder()
    # Imports first, because a function may use a name that a later line imports.
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            finder.visit(node)
    imported = finder.found
    finder.found = []
    finder.visit(tree)
    return sorted({*imported, *finder.found})


def checked_files(folders: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    """The files that must not use private names of torch."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if DOOR not in path.parents:
                yield path


def main(arguments: list[str]) -> int:
    """Print each use; the exit status is 1 if there are any."""
    count = 0
    for path in checked_files(tuple(arguments) or FOLDERS):
        for line, name in reaches(path.read_text(encoding="utf-8")):
            print(f"{path.relative_to(ROOT)}:{line}: {name} is private; reach it through src/torchdraft/_torch/")
            count += 1
    return 1 if count else 0


def _of_torch(name: str) -> bool:
    return name == "torch" or name.startswith("torch.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
