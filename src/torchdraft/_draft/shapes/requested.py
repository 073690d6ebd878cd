"""Reads the requested `dynamic_shapes`: what each dimension is requested to be, and where the example violates it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.export import Dim

from torchdraft._torch import pytree
from torchdraft._torch.symbolic.shapes import IntWrapper
from torchdraft.model.errors import WrongValue

if TYPE_CHECKING:
    from torchdraft._draft.tracing.request import Request


@dataclass(frozen=True, slots=True)
class RequestedDim:
    """A dimension that is requested to be dynamic. `strict`: no other outcome satisfies the request."""

    spec: Any
    strict: bool
    size: int
    """Its size in the example."""

    def __str__(self) -> str:
        if kind := hint_kind(self.spec):
            return _hint_text(kind, *self.bounds())
        name = self.name()
        if name is None or hasattr(self.spec, "root"):
            return str(name or self.spec)
        return f"Dim({', '.join([repr(name), *bounds_text(*self.bounds())])})"

    def name(self) -> str | None:
        """The name of a `Dim`; of a derived one its expression; None for a hint."""
        return getattr(self.spec, "__name__", None)

    def bounds(self) -> tuple[int, int | None]:
        """The smallest and the largest requested size; None for no largest."""
        low, high = getattr(self.spec, "min", None), getattr(self.spec, "max", None)
        return (low if isinstance(low, int) else 0), (high if isinstance(high, int) and high < 2**31 else None)


def bounds_text(low: int, high: int | None) -> list[str]:
    """The arguments `min=…` and `max=…` of a `Dim`, those that restrict it."""
    return [f"min={low}"] * bool(low) + [f"max={high}"] * (high is not None)


def _hint_text(kind: str, low: int, high: int | None) -> str:
    bounds = ", ".join(bounds_text(low, high))
    return f"Dim.{kind}({bounds})" if bounds else f"Dim.{kind}"


def hint_kind(spec: Any) -> str:
    """`AUTO`, `DYNAMIC` or `STATIC`; empty for a named dimension, a number, None."""
    kind = getattr(getattr(spec, "type", None), "name", "")
    return kind if kind in ("AUTO", "DYNAMIC", "STATIC") else ""


def plain_shapes(request: Request) -> Any:
    """The caller's `dynamic_shapes` as plain containers, also where they are a `ShapesCollection`."""
    shapes = request.options.get("dynamic_shapes")
    if isinstance(shapes, (torch.export.ShapesCollection, torch.export.AdditionalInputs)):
        try:
            return shapes.dynamic_shapes(request.mod, request.args, dict(request.kwargs))
        except (TypeError, ValueError, LookupError) as error:
            raise WrongValue(f"dynamic_shapes, a {type(shapes).__name__}, does not fit the inputs: {error}") from error
    return shapes


def unwrap_integers(request: Request) -> None:
    """Replaces the wrappers of integers in the inputs by the integers.

    A `ShapesCollection` identifies an integer by its wrapper, and is resolved before that.
    """
    inputs = request.args, dict(request.kwargs)
    if any(isinstance(leaf, IntWrapper) for leaf in pytree.tree_leaves(inputs)):
        request.options["dynamic_shapes"] = plain_shapes(request)
        request.args, request.kwargs = pytree.tree_map_only(IntWrapper, lambda wrapper: wrapper.val, inputs)


def requested_dims(request: Request) -> dict[str, RequestedDim]:
    """`x.shape[0]` → the request, for every dimension that is requested to be dynamic."""
    found: dict[str, RequestedDim] = {}

    def note(name: str, spec: Any, size: int) -> Any:
        if spec is not None and not isinstance(spec, int) and hint_kind(spec) != "STATIC":
            found[name] = RequestedDim(spec, hint_kind(spec) != "AUTO", size)
        return spec

    mapped(request, plain_shapes(request), note)
    return found


def mapped(request: Request, shapes: Any, change: Callable[[str, Any, int], Any]) -> Any:
    """`shapes` with each entry replaced by `change(name, spec, size)`; names are the caller's, `x.shape[0]`.

    `shapes` have the structure of the inputs (`fitting.py`).
    """
    if not shapes:
        return shapes
    try:
        bound = inspect.signature(request.mod.forward).bind(*request.args, **request.kwargs).arguments
    except TypeError:
        return shapes
    if isinstance(shapes, Mapping):
        return {name: _mapped(name, bound[name], spec, change) for name, spec in shapes.items()}
    return type(shapes)([_mapped(n, bound[n], spec, change) for n, spec in zip(bound, shapes, strict=True)])


def _mapped(name: str, value: Any, spec: Any, change: Callable[[str, Any, int], Any]) -> Any:
    if spec is None:
        return None
    if pytree.is_registered(type(value)):
        parts = pytree.children_with_keys(value)
        specs = [spec[key.key] for key, _ in parts] if isinstance(value, dict) and isinstance(spec, Mapping) else spec
        pairs = zip(parts, specs, strict=True)
        children = [_mapped(name + pytree.keystr((key,)), child, inner, change) for (key, child), inner in pairs]
        return pytree.with_children(value, children)
    if not isinstance(value, torch.Tensor):
        return change(name, spec, value) if isinstance(value, int) else spec
    if isinstance(spec, Mapping):
        return {d: change(f"{name}.shape[{d}]", s, value.shape[d]) for d, s in spec.items()}
    return type(spec)([change(f"{name}.shape[{d}]", s, value.shape[d]) for d, s in enumerate(spec)])


def broken_by_example(requested: Mapping[str, RequestedDim]) -> dict[str, str]:
    """Dimension whose size in the example violates the request → how."""
    found: dict[str, str] = {}
    sizes: dict[str, tuple[str, int]] = {}
    for name, want in requested.items():
        low, high = want.bounds()
        if want.size < low or (high is not None and want.size > high):
            found[name] = f"its size in the example is {want.size}"
        for other, expected in _expected(name, want, sizes):
            if expected != want.size:
                found[name] = f"its size in the example is {want.size}, where {other} makes it {expected}"
        if hasattr(want.spec, "root") and want.spec.root.__name__ not in sizes:
            found[name] = f"its size in the example is {want.size}, which is not of the form {spec_text(want.spec)}"
    return found


def _expected(name: str, want: RequestedDim, sizes: dict[str, tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The sizes that earlier dimensions of the same name, or root, require of this one. The first sets the root's."""
    root, of = getattr(want.spec, "root", want.spec), getattr(want.spec, "fn", lambda n: n)
    key = getattr(root, "__name__", None)
    if key is None:
        return
    if key in sizes:
        other, size = sizes[key]
        yield other, of(size)
        return
    for size in range(want.size + 1):
        if of(size) == want.size:
            sizes[key] = (name, size)
            return


def breaks_a_hint(request: Request) -> bool:
    """Whether the example violates the range of a `Dim.AUTO` or `Dim.DYNAMIC`. torch returns a program that refuses it,
    where it raises for a named dimension.
    """
    requested = requested_dims(request)
    return any(hint_kind(requested[name].spec) for name in broken_by_example(requested))


def with_auto_dims(request: Request, level: int) -> Any:
    """The requested structure with `Dim.AUTO` in the place of dimensions.

    Level 1 replaces those that the example violates and those of their names; all where it violates none. Level 2
    replaces all.
    """
    requested = requested_dims(request)
    broken = broken_by_example(requested) if level == 1 else {}
    names = {want.name() for name, want in requested.items() if name in broken}

    def free(name: str, spec: Any, _size: int) -> Any:
        if name not in requested or (broken and name not in broken and requested[name].name() not in names - {None}):
            return spec
        return Dim.AUTO

    return mapped(request, plain_shapes(request), free)


def spec_text(spec: Any) -> str:
    """An entry of `dynamic_shapes` as source code. A named dimension is its name."""
    if kind := hint_kind(spec):
        return _hint_text(kind, getattr(spec, "min", None) or 0, getattr(spec, "max", None))
    return re.sub(r"\*(?=\w)", " * ", str(getattr(spec, "__name__", spec)))
