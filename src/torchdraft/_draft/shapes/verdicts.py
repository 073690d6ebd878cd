"""Dynamic dimensions: what was asked, what the trace made of them, and why."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import sympy
import torch

from torchdraft._source.call_sites import place_of
from torchdraft._source.definitions import parameter
from torchdraft._source.expressions import in_user_terms, source_of
from torchdraft._source.input_names import in_caller_terms, root_of
from torchdraft.model import Dimension
from torchdraft.model.events import ConstraintViolated, DimensionSpecialized, Event, Frame

from .guard_functions import Conditions
from .requested import RequestedDim, broken_by_example, requested_dims
from .suggestions import code_of, suggested
from .verdict import Verdict

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.request import Request
    from torchdraft._draft.tracing.size_guards import TakenGuard


def judge_dimensions(request: Request, context: TraceContext) -> tuple[list[Dimension], list[Event], Any]:
    """The table of dynamic dimensions, an event for each that did not stay as free as it was asked to be, and the
    `dynamic_shapes` that hold where those asked for do not.
    """
    asked = requested_dims(request)
    broken = broken_by_example(asked)
    judge, got = _Judge(context, asked), _got(context)
    verdicts = {n: judge.verdict(*got[n], asked[n], broken.get(n, "")) for n in got if n in asked}
    _borrow_causes(verdicts, asked)
    rows = [_row(name, asked[name], v, context) for name, v in verdicts.items()]
    if all(v.kind == "free" for v in verdicts.values()):
        return rows, [], None
    shapes = suggested(request, asked, verdicts, context)
    fix = code_of(shapes)
    said: dict[str, Verdict] = {}
    told: set[object] = set()
    events: list[Event] = []
    for name, verdict in verdicts.items():
        root = _root(name, asked[name])
        if verdict.kind == "free" or (root in said and _says_same(said[root], verdict)):
            continue
        said.setdefault(root, verdict)
        causes: tuple[TakenGuard | None, ...] = verdict.causes or (None,)
        for cause in causes:
            key = (cause.expr, place_of(cause.place["stack"], cause.place["module"])) if cause else None
            # one that compares two dimensions is told for the first
            if cause is None or key not in told or judge.excludes_alone(cause.expr, got[name][0], asked[name]):
                events.append(_event(name, asked[name], verdict, cause, fix, request, context))
                told.add(key)
    return rows, events, shapes


def _root(name: str, want: RequestedDim) -> str:
    """The name of what a dimension is, or is derived from; its own where it has none."""
    return str(getattr(getattr(want.spec, "root", want.spec), "__name__", name))


def _borrow_causes(verdicts: dict[str, Verdict], asked: Mapping[str, RequestedDim]) -> None:
    """A guard that fixes a dimension fixes the others of its name: those have none of their own."""
    causes = {_root(n, asked[n]): v.causes for n, v in verdicts.items() if v.kind == "constant" and v.causes}
    for name, verdict in verdicts.items():
        if verdict.kind == "constant" and not verdict.causes:
            verdicts[name] = replace(verdict, causes=causes.get(_root(name, asked[name]), ()))


def _says_same(one: Verdict, other: Verdict) -> bool:
    """Whether two dimensions of one name, or of one root, ended in the same way."""
    return one.kind == other.kind != "broken" and bool(one.causes) == bool(other.causes) is True


def _got(context: TraceContext) -> dict[str, tuple[Any, Any]]:
    """`x.shape[0]` → the symbol it started as, and what it is now."""
    found = {}
    for tracked in context.shape_env.tracked_fakes or ():
        base = in_caller_terms(tracked.source.name)
        if isinstance(tracked.fake, torch.Tensor):
            for index, size in enumerate(tracked.fake.shape):
                found[f"{base}.shape[{index}]"] = (_born(size), size)
        else:
            found[base] = (_born(tracked.fake), tracked.fake)
    return found


def _born(size: Any) -> Any:
    return size.node._expr if isinstance(size, torch.SymInt) else None


class _Judge:
    """Reads the shape environment of a finished trace."""

    def __init__(self, context: TraceContext, asked: Mapping[str, RequestedDim]) -> None:
        self.context = context
        self.env = context.shape_env
        self.asked = asked
        self.conditions = Conditions(context.shape_env.backed_var_to_val, context.shape_env.outcome)

    def verdict(self, symbol: Any, size: Any, want: RequestedDim, broken: str) -> Verdict:
        """What the dimension that began as `symbol` is at the end of the trace."""
        if symbol is None or not isinstance(symbol, sympy.Symbol):
            return Verdict(kind="constant", got=str(want.size if symbol is not None else int(size)))
        now = self.env.replace(symbol)
        if now.is_number:
            return Verdict(kind="constant", got=str(now), causes=self._causes(symbol, want, want.size + 1))
        if now != symbol:
            return self._tied(symbol, now, want)
        found = self._narrowed(symbol, want)
        if found.kind == "free" and broken:
            return Verdict(kind="broken", got="any size")
        return found

    def _tied(self, symbol: Any, now: Any, want: RequestedDim) -> Verdict:
        text = in_user_terms(now, self.context.origins.of(now.free_symbols))
        other = self.asked.get(text)
        if _asked_to_tie(want, other) or (len(now.free_symbols) == 1 and self._is_asked(now, want)):
            return self._narrowed(next(iter(now.free_symbols)), want) if other is not None else Verdict(kind="free")
        return Verdict(kind="tied", got=text, to=now, causes=self._causes(symbol, want, want.size + 1))

    def _is_asked(self, now: Any, want: RequestedDim) -> bool:
        """Whether `want` is derived (`2*dim`) and `now` is just that of the dimension it is derived from."""
        if not hasattr(want.spec, "root"):
            return False
        (root,) = now.free_symbols
        name = in_user_terms(root, self.context.origins.of([root]))
        other = self.asked.get(name)
        known_as = name if other is None else other.name()  # a root that is no dimension itself has its own name
        return known_as == want.spec.root.__name__ and bool(now == want.spec.fn(root))

    def _narrowed(self, symbol: Any, want: RequestedDim) -> Verdict:
        bounds = self.env.var_to_range.get(symbol)
        low, high = (bounds.lower, bounds.upper) if bounds is not None else (0, sympy.oo)
        least, most = want.bounds()
        small = symbol in self.env.sizes.at_least_two and least < 2 and low <= 2
        lower = int(low) if low > max(2, least) else 2 if small else None
        upper = int(high) if high.is_finite and high < 2**31 and (most is None or high < most) else None
        further = self._further(symbol, want)
        words = [f">= {lower}"] * (lower is not None) + [f"<= {upper}"] * (upper is not None)
        words += [in_user_terms(g, self.context.origins.of(g.free_symbols)) for g in further]
        if not words:
            return Verdict(kind="free")
        kind: Literal["asserted", "narrowed"] = "asserted" if further else "narrowed"
        beyond = lower - 1 if lower is not None else upper + 1 if upper is not None else None
        causes = self._causes(symbol, want, beyond)
        if small:
            causes = (self.env.sizes.small_sizes[symbol], *[c for c in causes if c.by_code])
        to = further[0] if further else None
        return Verdict(kind=kind, got=" and ".join(words), low=lower, high=upper, to=to, causes=causes)

    def _further(self, symbol: Any, want: RequestedDim) -> list[Any]:
        """Conditions on the symbol that the program asserts and no range expresses, those left out that say no more."""
        left, found = self._sizes(want), []
        for guard in self.env.sizes.without_range:
            if symbol in guard.free_symbols:
                stay = [size for size in left if not self._fails(guard, symbol, size)]
                if len(stay) < len(left):
                    left = stay
                    found.append(self._shortest(guard, symbol, want))
        return found

    def _shortest(self, guard: Any, symbol: Any, want: RequestedDim) -> Any:
        """A condition without the alternatives that allow no further size (`s0 % 2 == 0 or s0 == 2`)."""
        if not isinstance(guard, sympy.Or):
            return guard
        sizes = [size for size in self._sizes(want) if not self._fails(guard, symbol, size)]
        for alternative in guard.args:
            if not any(self._fails(alternative, symbol, size) for size in sizes):
                return alternative
        return guard

    def _sizes(self, want: RequestedDim) -> list[int]:
        """Sizes that were asked for: those near the example's, and around it."""
        low, high = want.bounds()
        return [n for n in _near(want.size) if max(low, 2) <= n <= (high or n)]

    def _causes(self, symbol: Any, want: RequestedDim, beyond: int | None) -> tuple[TakenGuard, ...]:
        """The guards of the model's own code that exclude sizes asked for, one for each place. Where there are none,
        the first guard of an operation that does not hold where the dimension is `beyond` what it became.
        """
        about = [
            t for t in self.env.sizes.taken if symbol in t.expr.free_symbols and self._excludes(t.expr, symbol, want)
        ]
        about = [t for t in about if not self._ties_as_asked(t.expr)]
        about = [t._replace(expr=self._shortest(t.expr, symbol, want)) for t in about]
        by_code = {place_of(t.place["stack"], t.place["module"]): t for t in reversed(about) if t.by_code}
        if by_code:
            return tuple(reversed(by_code.values()))
        decisive = [t for t in about if beyond is not None and self._fails(t.expr, symbol, beyond)]
        return tuple((decisive or about)[:1])

    def _ties_as_asked(self, guard: Any) -> bool:
        """Whether a guard says of two dimensions of one name that they are equal."""
        if not isinstance(guard, sympy.Eq) or not (guard.lhs.is_Symbol and guard.rhs.is_Symbol):
            return False
        left, right = (self.asked.get(in_user_terms(s, self.context.origins.of([s]))) for s in (guard.lhs, guard.rhs))
        return left is not None and _asked_to_tie(left, right)

    def _excludes(self, guard: Any, symbol: Any, want: RequestedDim) -> bool:
        """Whether a guard fails at some size that was asked for."""
        return any(self._fails(guard, symbol, size) for size in self._sizes(want))

    def excludes_alone(self, guard: Any, symbol: Any, want: RequestedDim) -> bool:
        """Whether a guard on several sizes excludes one of this dimension, whatever each of the others is."""
        excluded = [size for size in self._sizes(want) if self._fails(guard, symbol, size)]
        if not excluded:
            return False
        left = guard.xreplace({symbol: sympy.Integer(min(excluded, key=lambda size: abs(size - want.size)))})
        values = self.env.backed_var_to_val
        return all(self._fails(left, o, n) for o in left.free_symbols for n in _near(int(values.get(o, 2))))

    def _fails(self, guard: Any, symbol: Any, size: int) -> bool:
        return bool(self.conditions.outcome(guard, symbol, size) == sympy.false)


def _near(size: int) -> list[int]:
    """Sizes to try in the place of one: small ones, those around it and its multiples, large ones."""
    return sorted({*range(2, 40), *(size * n + d for n in (1, 2, 3) for d in (-1, 0, 1)), 997, 1024})


def _asked_to_tie(want: RequestedDim, other: RequestedDim | None) -> bool:
    """Whether the caller gave both dimensions one name."""
    return other is not None and want.name() is not None and want.name() == other.name()


def _row(name: str, want: RequestedDim, verdict: Verdict, context: TraceContext) -> Dimension:
    why = guard_text(verdict.cause, context) if verdict.cause else ""
    stack = verdict.cause.place.get("stack", ()) if verdict.cause else ()
    if why and stack:
        why += f" at {os.path.basename(stack[-1][0].co_filename)}:{stack[-1][1]}"
    if verdict.kind == "broken":
        why = broken_by_example({name: want}).get(name, "the example breaks it")
    elif not why and verdict.kind == "constant":
        why = "size of 0 or 1 in the example" if want.size < 2 else "the whole model was recorded"
    return Dimension(name=name, asked=str(want), got=verdict.got or "dynamic", reason=why)


def guard_text(cause: TakenGuard, context: TraceContext) -> str:
    """A guard in the caller's terms."""
    return in_user_terms(cause.expr, context.origins.of(cause.expr.free_symbols))


def _event(
    name: str,
    want: RequestedDim,
    verdict: Verdict,
    cause: TakenGuard | None,
    fix: str,
    request: Request,
    context: TraceContext,
) -> Event:
    place: dict[str, Any] = dict(cause.place) if cause else {}
    if not place.get("stack"):
        place["stack"] = parameter(type(request.mod).forward, root_of(name))
    told: dict[str, Any] = {"dimension": name, "asked": str(want), "got": verdict.got, **place}
    if cause:
        told |= {
            "symbolic": str(cause.expr),
            "guard": guard_text(cause, context),
            "condition": cause.expr,
        }
    if verdict.kind == "constant" and cause is None and want.size < 2:
        return DimensionSpecialized(reason="zero-one", fix=fix, **told)
    if verdict.kind == "broken":
        told["guard"] = _row(name, want, verdict, context).reason
        return ConstraintViolated(fix=fix, **told)
    if _named_as_literal(verdict, want, place["stack"]):
        return DimensionSpecialized(reason="literal", fix=fix, **told)
    if want.strict and cause is not None and cause not in context.shape_env.sizes.small_sizes.values():
        return ConstraintViolated(fix=fix, **told)
    return DimensionSpecialized(fix=fix, **told)


def _named_as_literal(verdict: Verdict, want: RequestedDim, stack: tuple[Frame, ...]) -> bool:
    """Whether the line that fixed a dimension has its size in the example among its literals."""
    fixed = verdict.kind == "constant" or (verdict.kind == "asserted" and verdict.low is None and verdict.high is None)
    if not fixed or not stack:
        return False
    try:
        tree = ast.parse(source_of(stack[-1]), mode="eval")
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Constant) and node.value == want.size for node in ast.walk(tree))
