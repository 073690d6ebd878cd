"""Shrinks a failing program: delta debugging on the statements of its syntax tree."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator

Failing = Callable[[str], bool]


def shrink(source: str, still_fails: Failing, seconds: float = 40.0) -> str:
    """The smallest program found in the given time that still fails the same way."""
    deadline = time.monotonic() + seconds
    best = source
    progress = True
    while progress and time.monotonic() < deadline:
        progress = False
        for candidate in smaller(best):
            if time.monotonic() >= deadline:
                break
            if len(candidate) < len(best) and still_fails(candidate):
                best, progress = candidate, True
                break
    return best


def smaller(source: str) -> Iterator[str]:
    """Programs one step smaller: statements removed, blocks replaced by their bodies, outputs dropped."""
    tree = ast.parse(source)
    yield from without_statements(tree)
    yield from unwrapped(tree)
    yield from with_fewer_outputs(tree)
    yield from without_classes(tree)


def forwards(tree: ast.Module) -> list[ast.FunctionDef]:
    """The functions to shrink: methods of the modules, and `inputs`."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def blocks(function: ast.FunctionDef) -> Iterator[list[ast.stmt]]:
    """Every list of statements inside a function."""
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                yield block


def without_statements(tree: ast.Module) -> Iterator[str]:
    """Removes statements: first halves of a block, then quarters, and so on down to single statements."""
    for function in forwards(tree):
        for block in blocks(function):
            size = max(1, len(block) // 2)
            while size:
                for start in range(0, len(block), size):
                    removed = block[start : start + size]
                    if any(isinstance(statement, ast.Return) for statement in removed):
                        continue
                    block[start : start + size] = [] if len(block) > len(removed) else [ast.Pass()]
                    yield ast.unparse(tree)
                    filler = 1 if len(removed) and start == 0 and block and isinstance(block[0], ast.Pass) else 0
                    block[start : start + filler] = removed
                size //= 2


def unwrapped(tree: ast.Module) -> Iterator[str]:
    """Replaces an `if`, `with`, `for` or `try` by its body."""
    for function in forwards(tree):
        for block in blocks(function):
            for index, statement in enumerate(block):
                for name in ("body", "orelse"):
                    inner = getattr(statement, name, None)
                    if isinstance(inner, list) and inner:
                        block[index : index + 1] = inner
                        yield ast.unparse(tree)
                        block[index : index + len(inner)] = [statement]


def with_fewer_outputs(tree: ast.Module) -> Iterator[str]:
    """Removes elements of a returned tuple or list, or returns one element alone."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Return) or not isinstance(node.value, (ast.Tuple, ast.List)):
            continue
        whole = node.value
        elements = whole.elts
        for element in elements:
            node.value = element
            yield ast.unparse(tree)
        node.value = whole
        for index in range(len(elements) if len(elements) > 1 else 0):
            whole.elts = elements[:index] + elements[index + 1 :]
            yield ast.unparse(tree)
        whole.elts = elements


def without_classes(tree: ast.Module) -> Iterator[str]:
    """Removes a class or an import."""
    for index, node in enumerate(tree.body):
        if isinstance(node, (ast.ClassDef, ast.Import, ast.ImportFrom)) and getattr(node, "name", "") != "Fuzz":
            del tree.body[index]
            yield ast.unparse(tree)
            tree.body.insert(index, node)
