"""A conversion of a tensor to a Python integer, written as the read of an item, which stays symbolic."""

from __future__ import annotations

import ast

from torchdraft.model import Location


def int_as_item(at: Location | None, *, whole: bool) -> str:
    """`t.item()` for the marked `int(t)`; empty where something else is marked. `whole`: the tensor has integers."""
    if at is None or at.column is None or at.end_column is None:
        return ""
    try:
        call = ast.parse(at.source[at.column : at.end_column], mode="eval").body
    except (SyntaxError, ValueError):  # a call of several lines
        return ""
    if not isinstance(call, ast.Call) or len(call.args) != 1 or call.keywords:
        return ""
    if ast.unparse(call.func) not in ("int", "builtins.int") or isinstance(call.args[0], ast.Starred):
        return ""
    atoms = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
    text = ast.unparse(call.args[0])
    tensor = text if isinstance(call.args[0], atoms) else f"({text})"
    return f"{tensor}.item()" if whole else f"{tensor}.long().item()"
