"""The custom operators of a program: what the report knows of each."""

from __future__ import annotations

from typing import Any

from torchdraft._render import words
from torchdraft._render.json.profiles import stored
from torchdraft.model import Report

OF_TORCH = frozenset(
    {
        *("_c10d_functional", "_operator", "aten", "builtins", "c10d", "debugprims", "higher_order", "inductor"),
        *("mkldnn", "onednn", "prim", "prims", "profiler", "quantized", "quantized_decomposed", "rngprims"),
        *("symm_mem", "torch", "torchdraft"),
    }
)
"""Namespaces whose operators are not custom."""


def custom_operators(report: Report) -> list[dict[str, Any]]:
    """One row for each operator: its name, how often the program calls it, its profiles, the issues about it."""
    rows: dict[str, dict[str, Any]] = {}

    def row(op: str) -> dict[str, Any]:
        name = op.replace("::", ".").removesuffix(".default")
        return rows.setdefault(name, {"name": name, "calls": 0, "profiles": [], "issues": []})

    for op, profiles in stored(report.op_profiles).items():  # as data, which needs no torch
        row(op)["profiles"] = list(map(_profile, profiles))
    for number, issue in enumerate(report.issues):
        named = issue.data.get("op")
        if isinstance(named, str) and "." in named.replace("::", ".") and not _of_torch(named):
            row(named)["issues"].append(number)
    for node in report.listing.nodes if report.listing is not None else ():
        if node.kind == "call" and node.target.count(".") >= 2 and not _of_torch(node.target):
            row(node.target)["calls"] += 1
    return list(rows.values())


def _profile(data: Any) -> str:
    """A profile in one line: `(float32, 2 dimensions, cpu) → float32, 2 dimensions, cpu`."""
    if not isinstance(data, dict):
        return str(data)
    rest = [f"{name}: {_part(part)}" for name, part in data.items() if name not in ("args_profile", "out_profile")]
    line = f"({_part(data.get('args_profile'))}) → {_part(data.get('out_profile'))}"
    return "; ".join([line, *rest])


def _part(part: Any) -> str:
    if isinstance(part, (list, tuple)):
        return "; ".join(map(_part, part))
    if not isinstance(part, dict):
        return str(part)
    if "rank" not in part:
        return ", ".join(f"{name}: {_part(value)}" for name, value in part.items())
    rest = [str(part[name]) for name in ("device", "layout") if part.get(name, "strided") != "strided"]
    return ", ".join([str(part.get("dtype")), words.plural(part["rank"], "dimension"), *rest])


def _of_torch(op: str) -> bool:
    return op.replace("::", ".").partition(".")[0] in OF_TORCH
