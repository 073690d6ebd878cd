"""Checks which folder of `src/torchdraft` imports which, and that no files import each other in a circle.

    python tools/layers.py [SOURCE]

Parses the source and imports none of it. Imports under `TYPE_CHECKING` and inside functions count. The exit status is 1
if a folder imports one that `ALLOWED` does not list for it, if a folder of `WITHOUT_TORCH` imports torch, or if files
or folders import each other in a circle.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"
PACKAGE = "torchdraft"

BASE = ("_tape", "_stack", "_source", "_torch", "model")
"""The folders that every step of a draft may import."""

ALLOWED: Mapping[str, tuple[str, ...]] = {
    # plain data, the rules that are applied to it, and its renderers
    "model": (),
    "_source/code": ("model",),
    "_source": ("model", "_source/code"),
    "_source/symbolic": ("model", "_source"),
    "rules": ("model", "_source"),
    "rules/rewrites": ("model", "_source"),
    "rules/catalogue": ("rules", "model", "_source"),
    "_render": ("model", "_render/json"),
    "_render/json": ("model",),
    "_render/check": ("model", "_render", "_render/json"),
    "_page": ("model", "_source", "_render", "_render/json", "rules"),
    # the file format, and names in earlier files
    "saved": ("_torch",),
    "_trace": ("saved",),
    # torch
    "_torch": ("model",),  # the public exception `UnsupportedTorch`, which is importable without torch
    "_torch/symbolic": ("_torch",),
    "_torch/graph": ("_torch", "_torch/symbolic"),
    "_torch/exporters": ("_torch", "_torch/symbolic"),
    "_torch/tensors": ("_torch",),
    "_torch/patching": ("_torch",),
    "_torch/patches": ("_torch", "_torch/tensors", "_torch/patching"),
    **{
        f"_torch/patches/{what}": ("_torch", "_torch/tensors", "_torch/patching")
        for what in ("tracers", "operators", "numbers", "models")
    },
    "_torch/patches/speed": ("_torch", "_torch/patching"),
    "_stack": ("_source", "_torch", "model"),
    "_tape": ("_torch",),
    "_tape/evaluation": ("_torch", "_tape"),
    # the steps of a draft: each is listed after those that it uses
    "_draft/tracing": BASE,
    "_draft/guards": (*BASE, "_draft/tracing"),
    "_draft/state": (*BASE, "_draft/tracing"),
    "_draft/prepare": (*BASE, "saved", "_draft/tracing", "_draft/state"),
    "_draft/polyfills": (*BASE, "_draft/tracing", "_draft/state", "_draft/polyfills/python"),
    "_draft/polyfills/python": (*BASE, "_draft/tracing", "_draft/state"),
    "_draft/custom_ops": (*BASE, "saved", "_draft/tracing"),
    "_draft/custom_ops/profiles": (*BASE, "_draft/tracing", "_draft/custom_ops"),
    "_draft/effects": (*BASE, "_draft/tracing", "_draft/state"),
    **{
        f"_draft/effects/{kind}": (*BASE, "_draft/tracing", "_draft/state", "_draft/effects")
        for kind in ("calls", "mutations")
    },
    "_draft/shapes": (*BASE, "_draft/tracing", "_draft/guards"),
    "_draft/reads": (*BASE, "_draft/tracing", "_draft/guards", "_draft/polyfills"),
    "_draft/reads/catalogue": (*BASE, "_draft/tracing", "_draft/guards", "_draft/polyfills", "_draft/reads"),
    "_draft/recorded": (
        *BASE,
        *(f"_draft/{step}" for step in ("tracing", "polyfills", "prepare", "custom_ops", "reads")),
    ),
    "_draft/finish/passes": (*BASE, "_draft/tracing"),
    **{
        f"_draft/finish/{what}": (*BASE, "saved", "_draft/tracing", "_draft/custom_ops", "_draft/finish/passes")
        for what in ("saving", "lowering", "numbers")
    },
    "_draft/finish": (*BASE, "saved", "_draft/tracing", "_draft/custom_ops", "_draft/finish/*"),
    "_draft/check": (*BASE, *(f"_draft/{step}" for step in ("tracing", "state", "prepare", "effects"))),
    "_draft/report": (*BASE, "rules", "saved", "_draft/tracing"),
    "_draft/rungs": (
        *BASE,
        "rules",
        *(
            f"_draft/{step}"
            for step in (
                *("tracing", "guards", "state", "prepare", "polyfills", "custom_ops", "effects"),
                *("shapes", "reads", "recorded", "finish"),
            )
        ),
    ),
    "_draft/paths/traced": (*BASE, "_draft/tracing", "_draft/guards", "_draft/state"),
    "_draft/paths/merging": (*BASE, "_draft/tracing", "_draft/guards", "_draft/paths/traced"),
    "_draft/paths": (
        *BASE,
        *(f"_draft/{step}" for step in ("tracing", "guards", "state", "polyfills", "report", "rungs", "check")),
        "_draft/paths/*",
    ),
    "_draft": (*BASE, "_draft/*", "_synthesis"),
    # programs for other runtimes: `runtimes` runs them, and is what `_verify` compares
    "_ship/runtimes": ("model", "_torch"),
    "_ship": ("model", "saved", "_source", "_torch", "_draft", "_verify", "_ship/runtimes"),
    # fake kernels, written from runs of the real ones
    "_synthesis/experiments": ("_torch",),
    "_synthesis/learning": ("_synthesis/experiments",),
    "_synthesis/kernels": ("_torch", "_synthesis/experiments", "_synthesis/learning"),
    "_synthesis": ("_torch", "_draft/custom_ops", "_synthesis/*"),
    # verification
    "_verify/inputs": ("model", "_source", "_torch", "_draft"),
    "_verify/run": ("model", "_source", "_torch", "_draft", "_verify/inputs"),
    "_verify/explain": ("model", "_source", "_torch", "_draft", "_verify/inputs", "_verify/run"),
    "_verify": ("model", "_source", "_torch", "_draft", "_ship/runtimes", "_verify/*"),
    # the public API and the command line
    "": ("*",),
    "_targets": ("model", "_source", "_render", "rules", ""),
    "_check": ("model", "_render", "rules", "_targets", ""),
    "_compare": ("model", "_render", "_source", "_torch", "_targets", ""),
    "_inspect": ("model", "_render", "_source", "_torch", "_draft", "_verify", ""),
    "_cli/shared": ("*",),
    "_cli/new_rule": ("*",),
    "_cli": ("*",),
    # `assert_exportable` puts the report, as text, into the message of the failure
    "testing": ("model", "rules", "_check", "_targets", "_render", ""),
}
"""Folder → the folders that it may import, besides itself. A name includes the folder's subfolders; `name/*` stands for
the subfolders alone, `*` for all folders, and an empty name for the files directly in the package."""

WITHOUT_TORCH = (
    *("model", "_source", "_source/code", "_source/symbolic", "rules", "rules/catalogue", "rules/rewrites"),
    *("_render", "_render/json", "_render/check", "_page"),
)
"""Folders that work where torch is not installed."""


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """An import, at a line of a file of ours."""

    file: str
    line: int
    target: str
    """The imported file of ours, relative to the package, or the name of a module of another package."""


def imports(source: Path) -> list[Import]:
    """All imports of the package's files."""
    root = source / PACKAGE
    files = {str(path.relative_to(root)): path for path in sorted(root.rglob("*.py"))}
    found = []
    for file, path in files.items():
        for node in ast.walk(ast.parse(path.read_text())):
            line = getattr(node, "lineno", 0)
            found += [Import(file, line, target) for target in _targets(node, file, files)]
    return found


def _targets(node: ast.AST, file: str, files: Mapping[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield _file_of(alias.name, files) or alias.name
    elif isinstance(node, ast.ImportFrom):
        package = [PACKAGE, *Path(file).parent.parts]
        base = [*package[: len(package) - node.level + 1]] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            yield _file_of(f"{module}.{alias.name}", files) or _file_of(module, files) or module


def _file_of(module: str, files: Mapping[str, Path]) -> str | None:
    """The file of a module of ours, or None if the name is not one."""
    top, *parts = module.split(".")
    if top != PACKAGE:
        return None
    path = "/".join(parts)
    return next((name for name in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if name in files), None)


def folder_of(file: str) -> str:
    """The folder of a file: `_draft/reads` for `_draft/reads/catalogue/scalars.py`."""
    return "_cli" if file == "__main__.py" else file.rpartition("/")[0]


def forbidden(found: Iterable[Import], allowed: Mapping[str, tuple[str, ...]] = ALLOWED) -> Iterator[str]:
    """A message for each import that the table does not allow."""
    for each in sorted(found):
        here = folder_of(each.file)
        if here not in allowed:
            yield f"{each.file}: the folder {here} is not in the table ALLOWED of tools/layers.py"
        elif not each.target.endswith(".py"):
            if here in WITHOUT_TORCH and each.target.partition(".")[0] == "torch":
                yield f"{each.file}:{each.line}: {here} must work without torch, but imports {each.target}"
        elif not _may(here, folder_of(each.target), allowed[here]):
            there = folder_of(each.target) or PACKAGE
            yield f"{each.file}:{each.line}: {here or PACKAGE} must not import {there} ({each.target})"


def _may(here: str, there: str, allowed: tuple[str, ...]) -> bool:
    if here == there:
        return True
    return any(
        rule in ("*", there) or (rule.endswith("/*") and there.startswith(rule[:-1])) or there.startswith(f"{rule}/")
        for rule in allowed
        if rule or there == ""
    )


def circles(found: Iterable[Import]) -> list[list[str]]:
    """Groups of files that import each other in a circle."""
    edges: dict[str, list[str]] = {}
    for each in found:
        if each.target.endswith(".py") and each.target != each.file:
            edges.setdefault(each.file, []).append(each.target)
            edges.setdefault(each.target, [])
    return _components(edges)


def circles_of_folders(found: Iterable[Import]) -> list[list[str]]:
    """Groups of folders that import each other in a circle."""
    edges: dict[str, list[str]] = {}
    for each in found:
        here, there = folder_of(each.file), folder_of(each.target)
        if each.target.endswith(".py") and here != there:
            edges.setdefault(here, []).append(there)
            edges.setdefault(there, [])
    return _components(edges)


def _components(edges: Mapping[str, list[str]]) -> list[list[str]]:
    """The strongly connected components with several nodes (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = [stack.pop()]
            while component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for node in edges:
        if node not in index:
            visit(node)
    return found


def problems(found: Sequence[Import]) -> list[str]:
    """A message for each forbidden import and each circle."""
    lines = list(forbidden(found))
    for what, groups in (("files", circles(found)), ("folders", circles_of_folders(found))):
        lines += [f"these {what} import each other in a circle: {', '.join(group)}" for group in groups]
    return lines


def main(arguments: list[str]) -> int:
    """Print the problems of the source; the exit status is 1 if there are any."""
    lines = problems(imports(Path(arguments[0]) if arguments else SOURCE))
    print("\n".join(lines) or "layers: every import goes one way")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
