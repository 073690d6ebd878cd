"""Dynamic dimensions: what was asked, what the trace made of them, and why."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy
import torch
from torch.export import Dim

from ..model import Dimension
from .events import ConstraintViolated, DimensionSpecialized, Event

if TYPE_CHECKING:
    from .attempt import Request
    from .env import DraftShapeEnv
    from .session import Session


@dataclass(frozen=True, slots=True)
class Asked:
    """One dimension of the caller's `dynamic_shapes`. `strict` where anything but a free size breaks the request."""

    spec: Any
    strict: bool

    def __str__(self) -> str:
        name = getattr(self.spec, "__name__", None)
        if name is None:
            kind = re.search(r"(AUTO|DYNAMIC|STATIC)", str(self.spec))
            return f"Dim.{kind[1]}" if kind else str(self.spec)
        low, high = getattr(self.spec, "min", None), getattr(self.spec, "max", None)
        bounds = [f"min={low}"] if isinstance(low, int) and low else []
        bounds += [f"max={high}"] if isinstance(high, int) and high < 2**31 else []
        return f"Dim({', '.join([repr(name), *bounds])})"


def resolved(request: Request) -> Any:
    """The caller's `dynamic_shapes` as plain containers: collections of shapes are asked for theirs."""
    shapes = request.options.get("dynamic_shapes")
    if isinstance(shapes, (torch.export.ShapesCollection, torch.export.AdditionalInputs)):
        return shapes.dynamic_shapes(request.mod, request.args, dict(request.kwargs))
    return shapes


def relaxed(shapes: Any) -> Any:
    """The same structure with every dimension left to the tracer."""
    if isinstance(shapes, Mapping):
        return {k: relaxed(v) for k, v in shapes.items()}
    if isinstance(shapes, (list, tuple)):
        return type(shapes)([relaxed(v) for v in shapes])
    return shapes if shapes is None or isinstance(shapes, int) or "STATIC" in str(shapes) else Dim.AUTO


def asked_dimensions(request: Request) -> dict[str, Asked]:
    """`x.shape[0]` → what `dynamic_shapes` says of it, for every dimension that is to be dynamic."""
    shapes = resolved(request)
    if not shapes:
        return {}
    try:
        bound = inspect.signature(request.mod.forward).bind(*request.args, **request.kwargs).arguments
    except TypeError:
        return {}
    specs = shapes if isinstance(shapes, Mapping) else dict(zip(bound, shapes, strict=False))
    found: dict[str, Asked] = {}
    for name, value in bound.items():
        found.update(_walk(name, value, specs.get(name)))
    return found


def _walk(name: str, value: Any, spec: Any) -> Iterator[tuple[str, Asked]]:
    if spec is None:
        return
    if isinstance(value, torch.Tensor):
        entries = spec.items() if isinstance(spec, Mapping) else enumerate(spec)
        for dim, entry in entries:
            if entry is not None and not isinstance(entry, int) and "STATIC" not in str(entry):
                yield f"{name}.shape[{dim}]", Asked(entry, "AUTO" not in str(entry))
    elif isinstance(value, int) and not isinstance(spec, (Mapping, list, tuple)):
        yield name, Asked(spec, "AUTO" not in str(spec))
    elif isinstance(value, Mapping) and isinstance(spec, Mapping):
        for key, inner in value.items():
            yield from _walk(f"{name}[{key!r}]", inner, spec.get(key))
    elif isinstance(value, (list, tuple)) and isinstance(spec, (list, tuple)):
        for index, (inner, entry) in enumerate(zip(value, spec, strict=False)):
            yield from _walk(f"{name}[{index}]", inner, entry)


def in_callers_terms(text: str) -> str:
    """`L['x'].size()[0]` as `x.shape[0]`."""
    return re.sub(r"L\['(\w+)'\]", r"\1", text).replace(".size()[", ".shape[")


def judge_dimensions(request: Request, session: Session) -> tuple[list[Dimension], list[Event]]:
    """The table of dynamic dimensions, and an event for each that did not stay as free as it was asked to be."""
    asked = asked_dimensions(request)
    env = session.env
    rows, events = [], []
    for name, (symbol, size) in _got(env).items():
        want = asked.get(name)
        if want is None:
            continue
        got, guard, stack = _judge(env, symbol, size, want, asked)
        rows.append(Dimension(name=name, asked=str(want), got=got or "dynamic", reason=guard))
        if got:
            events.append(_event(env, name, want, got, guard, stack, symbol))
    return rows, events


def _got(env: DraftShapeEnv) -> dict[str, tuple[Any, Any]]:
    """`x.shape[0]` → the symbol it started as, and what it is now."""
    found = {}
    for tracked in env.tracked_fakes or ():
        base = in_callers_terms(tracked.source.name)
        if isinstance(tracked.fake, torch.Tensor):
            for index, size in enumerate(tracked.fake.shape):
                found[f"{base}.shape[{index}]"] = (_born(size), size)
        else:
            found[base] = (_born(tracked.fake), tracked.fake)
    return found


def _born(size: Any) -> Any:
    return size.node._expr if isinstance(size, torch.SymInt) else None


def _judge(env: DraftShapeEnv, symbol: Any, size: Any, want: Asked, asked: Mapping[str, Asked]) -> tuple[str, str, Any]:
    """What the dimension became ("" where it is as free as asked), the guard behind it, and the user's stack there."""
    if symbol is None:
        return str(int(size)), "", ()
    now = env.replace(symbol)
    guard, stack = env.cause_of(symbol)
    if now.is_number:
        return str(now), guard, stack
    if now != symbol and now.free_symbols:
        tied = in_callers_terms(str(now.xreplace(_names(env))))
        return ("" if _asked_to_tie(want, asked.get(tied)) else tied), guard, stack
    bounds = env.var_to_range.get(symbol)
    low, high = (bounds.lower, bounds.upper) if bounds is not None else (0, sympy.oo)
    asked_low, asked_high = getattr(want.spec, "min", None) or 0, getattr(want.spec, "max", None)
    narrowed = []
    if low > max(2, asked_low):
        narrowed.append(f">= {low}")
    elif symbol in env.at_least_two:
        narrowed.append(">= 2")
    if high.is_finite and high < 2**31 and (not isinstance(asked_high, int) or high < asked_high):
        narrowed.append(f"<= {high}")
    further = [in_callers_terms(str(g.xreplace(_names(env)))) for g in env.further_guards if symbol in g.free_symbols]
    return " and ".join([*narrowed, *further]), guard, stack


def _asked_to_tie(want: Asked, other: Asked | None) -> bool:
    """Whether the caller tied the two dimensions: one name for both, or one derived from another."""
    if hasattr(want.spec, "root"):
        return True
    name = getattr(want.spec, "__name__", None)
    return other is not None and name is not None and name == getattr(other.spec, "__name__", None)


def _names(env: DraftShapeEnv) -> dict[Any, Any]:
    """Symbols by the name of the input they come from."""
    return {s: sympy.Symbol(in_callers_terms(sources[0].name)) for s, sources in env.var_to_sources.items() if sources}


def _event(env: DraftShapeEnv, name: str, want: Asked, got: str, guard: str, stack: Any, symbol: Any) -> Event:
    readable = in_callers_terms(guard)
    one = symbol is None or symbol in env.at_least_two
    if symbol is None and got in ("0", "1"):
        return DimensionSpecialized(dimension=name, asked=str(want), got=got, stack=stack, reason="zero-one")
    if want.strict and not one:
        fix = f"{name.partition('.')[0]}: {{{name.rpartition('[')[2].rstrip(']')}: Dim.AUTO}}"
        return ConstraintViolated(dimension=name, asked=str(want), got=got, guard=readable, fix=fix, stack=stack)
    return DimensionSpecialized(dimension=name, asked=str(want), got=got, guard=readable, stack=stack)
