"""The `dynamic_shapes` to use where the requested ones do not hold: as data, and as code to paste."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy
from torch.export import Dim

from .requested import RequestedDim, bounds_text, hint_kind, mapped, plain_shapes, spec_text

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.request import Request

    from .verdict import Verdict

Bounds = tuple[int, int | None]


def suggested(
    request: Request, requested: Mapping[str, RequestedDim], verdicts: Mapping[str, Verdict], context: TraceContext
) -> Any:
    """The requested structure, in which each entry that does not hold is replaced by one that does."""
    roots = _roots(requested, verdicts)
    tied_to = _hints_tied_to(requested, verdicts, context)
    roots |= tied_to

    def entry(name: str, spec: Any, _size: int) -> Any:
        verdict = verdicts.get(name)
        if verdict is None:
            return spec
        if verdict.kind == "constant":
            return Dim.STATIC
        if name in tied_to:
            return tied_to[name]
        if verdict.kind == "tied":
            return _derived(verdict.to, requested, roots, context)
        if verdict.kind == "broken":
            return Dim.AUTO
        if hint_kind(spec):
            return _bounded_hint(spec, verdict)
        if verdict.kind == "asserted":
            return _multiple(name, verdict.to)
        if hasattr(spec, "root"):
            return spec.fn(roots[spec.root.__name__]) if spec.root.__name__ in roots else spec
        return roots.get(spec.__name__, spec)

    return mapped(request, plain_shapes(request), entry)


def _roots(requested: Mapping[str, RequestedDim], verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    """Name → a `Dim` with the range in which every dimension of that name holds."""
    ranges: dict[str, Bounds] = {}
    for name, want in requested.items():
        verdict = verdicts.get(name)
        if want.name() is None or hasattr(want.spec, "root") or verdict is None:
            continue
        low, high = ranges.get(str(want.name()), want.bounds())
        low = max(low, verdict.low or 0)
        high = min((h for h in (high, verdict.high) if h is not None), default=None)
        ranges[str(want.name())] = (low, high)
    return {name: Dim(name, min=low or None, max=high) for name, (low, high) in ranges.items()}


def _hints_tied_to(
    requested: Mapping[str, RequestedDim], verdicts: Mapping[str, Verdict], context: TraceContext
) -> dict[str, Any]:
    """Hints (`Dim.AUTO`) that another dimension is tied to → a named `Dim`: the other one's entry refers to it."""
    found = {}
    for verdict in verdicts.values():
        for symbol in verdict.to.free_symbols if verdict.kind == "tied" else ():
            name = context.origins.in_user_terms(symbol)
            if name in requested and requested[name].name() is None:
                found[name] = Dim(_identifier(name))
    return found


def _identifier(dimension: str) -> str:
    """`x_0` for `x.shape[0]`."""
    return "_".join(re.findall(r"\w+", dimension.replace(".shape", "")))


def _derived(to: Any, requested: Mapping[str, RequestedDim], roots: Mapping[str, Any], context: TraceContext) -> Any:
    """`2*batch` for a dimension that is tied to one of that name; `Dim.AUTO` where no `Dim` expresses it."""
    if len(to.free_symbols) != 1:
        return Dim.AUTO
    (symbol,) = to.free_symbols
    name = context.origins.in_user_terms(symbol)
    other = requested.get(name)
    root = roots.get(str(other.name() or name)) if other is not None else None
    factor, rest = to.coeff(symbol, 1), to.coeff(symbol, 0)
    whole = isinstance(factor, sympy.Integer) and isinstance(rest, sympy.Integer) and factor > 0
    if root is None or not whole or to != factor * symbol + rest:
        return Dim.AUTO
    made = root if factor == 1 else int(factor) * root
    return made if rest == 0 else made + int(rest)


def _bounded_hint(spec: Any, verdict: Verdict) -> Any:
    low, high = verdict.low or getattr(spec, "min", None), verdict.high or getattr(spec, "max", None)
    hint = getattr(Dim, hint_kind(spec) if verdict.kind != "asserted" else "AUTO")
    return hint if low is None and high is None else hint(min=low, max=high)


def _multiple(name: str, guard: Any) -> Any:
    """`16*_rows` for a size that is asserted to be a multiple of 16; `Dim.AUTO` for other conditions."""
    remainder: Any = guard.lhs if isinstance(guard, sympy.Eq) and guard.rhs == 0 else None
    if type(remainder).__name__ not in ("Mod", "PythonMod") or len(guard.free_symbols) != 1:
        return Dim.AUTO
    of, by = remainder.args
    (symbol,) = guard.free_symbols
    factor = of.coeff(symbol, 1)
    if of != factor * symbol or not isinstance(by, sympy.Integer):
        return Dim.AUTO
    step = int(by) // math.gcd(int(by), int(factor))
    return step * Dim(f"_{_identifier(name)}")


def code_of(shapes: Any) -> str:
    """Python code that creates `shapes`: the named dimensions, then the structure."""
    names: dict[str, str] = {}
    body = _source(shapes, names)
    lines = [f"{name} = {dim}" for name, dim in names.items()]
    return "\n".join([*lines, f"dynamic_shapes = {body}"])


def _source(value: Any, names: dict[str, str]) -> str:
    """The structure as source code. Adds name → `Dim(…)` of each named dimension in it to `names`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k!r}: {_source(v, names)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_source(v, names) for v in value)
        if isinstance(value, list):
            return f"[{inner}]"
        if type(value) is not tuple:
            return f"{type(value).__name__}({inner})"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    root = getattr(value, "root", value)
    if (name := getattr(root, "__name__", None)) is not None:
        low = root.min if isinstance(root.min, int) else 0
        high = root.max if isinstance(root.max, int) and root.max < 2**31 else None
        names[name] = f"Dim({', '.join([repr(name), *bounds_text(low, high)])})"
    return spec_text(value)
