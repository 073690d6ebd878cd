"""Brings the caller's `dynamic_shapes` into the structure of the inputs, and refuses what does not fit them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch.export import Dim

from torchdraft._draft.tracing.request import Request
from torchdraft._torch import pytree
from torchdraft.model.errors import WrongArgument, WrongType, WrongValue

from .requested import hint_kind, plain_shapes

_EXPECTED_IN_FULL = 300
"""Characters of the expected form up to which a message shows it for all inputs, and not for one part of them."""


def fitted_shapes(request: Request) -> Any:
    """The requested `dynamic_shapes` in the form that `torch.export` compares with the inputs.

    Lists and tuples stand for each other and for named tuples. None stands for any part without dynamic dimensions.
    The parts of an object can be given by field name, or in an object of its class. Raises `ValueError` for a request
    that does not fit the inputs and `TypeError` for one of a wrong type; both show the expected form.
    """
    shapes = request.options.get("dynamic_shapes")
    if shapes is None or isinstance(shapes, torch.export.AdditionalInputs):
        return shapes
    shapes = plain_shapes(request)
    if not isinstance(shapes, (Mapping, list, tuple)):
        raise WrongType(
            f"dynamic_shapes is {_shown(shapes)}", "a dict with the names of the inputs as keys, or a list or tuple"
        )
    try:
        bound = inspect.signature(request.mod.forward).bind(*request.args, **request.kwargs)
    except (TypeError, ValueError):
        return shapes
    if not shapes:
        return shapes
    try:
        fitted = _Fitting(bound.arguments).fitted(shapes)
    except WrongArgument:
        nested = _variadic_nested(shapes, bound)
        if nested is None:
            raise
        fitted = _Fitting(bound.arguments).fitted(nested)
    return (
        fitted
        if isinstance(fitted, dict) or not _takes_any_name(bound)
        else dict(zip(bound.arguments, fitted, strict=True))
    )


def _takes_any_name(bound: inspect.BoundArguments) -> bool:
    """Whether `**kwargs` takes one of the arguments: export accepts the shapes of these by name only."""
    kinds = {parameter.kind for name, parameter in bound.signature.parameters.items() if name in bound.arguments}
    return inspect.Parameter.VAR_KEYWORD in kinds


def _variadic_nested(shapes: Any, bound: inspect.BoundArguments) -> Any:
    """`shapes` with the entries of what `*args` and `**kwargs` take under these parameters, where export looks for
    them; None where that is not what they are.
    """
    kinds = {p.kind: name for name, p in bound.signature.parameters.items() if name in bound.arguments}
    args, kwargs = kinds.get(inspect.Parameter.VAR_POSITIONAL), kinds.get(inspect.Parameter.VAR_KEYWORD)
    if isinstance(shapes, Mapping):
        if kwargs is None or kwargs in shapes:
            return None
        inner = {name: shapes[name] for name in bound.arguments[kwargs] if name in shapes}
        return {**{name: spec for name, spec in shapes.items() if name not in inner}, kwargs: inner}
    before = list(bound.arguments).index(args) if args is not None else 0
    if args is None or len(shapes) != len(bound.args) or before + 1 < len(bound.arguments):
        return None
    return (*shapes[:before], tuple(shapes[before:]))


class _Fitting:
    """Compares a request with the inputs, part by part. `path` is where a part stands: `['x'][0]`."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.arguments = dict(arguments)
        self.defined: dict[str, Any] = {}
        """Name → the first `Dim` of that name."""

    def fitted(self, shapes: Any) -> Any:
        """The whole request."""
        if not isinstance(shapes, Mapping):
            values = list(self.arguments.values())
            if len(shapes) != len(values):
                problem = (
                    f"dynamic_shapes has {len(shapes)} entries for the {len(values)} inputs {list(self.arguments)}"
                )
                raise self._misfit(problem, values, of_all=tuple(values))
            parts = zip(self.arguments, values, shapes, strict=True)
            return tuple(self._part(f"[{name!r}]", value, spec) for name, value, spec in parts)
        if set(shapes) != set(self.arguments):
            raise self._misfit(
                f"dynamic_shapes has the keys {sorted(map(str, shapes))}, but the inputs given are "
                f"{list(self.arguments)}; write one entry per input, None for a static one",
                self.arguments,
            )
        return {name: self._part(f"[{name!r}]", value, shapes[name]) for name, value in self.arguments.items()}

    def _part(self, path: str, value: Any, spec: Any) -> Any:
        if pytree.is_registered(type(value)):
            return self._container(path, value, spec)
        if isinstance(value, torch.Tensor):
            return self._sizes(path, value, spec)
        return self._number(path, value, spec)

    def _container(self, path: str, value: Any, spec: Any) -> Any:
        keyed = [(key_of(key), key, child) for key, child in pytree.children_with_keys(value)]
        if spec is None:
            specs: list[Any] = [None] * len(keyed)
        elif type(spec) is type(value) and not isinstance(value, (dict, list, tuple)):
            specs = [key.get(spec) for _, key, _ in keyed]
        elif isinstance(spec, Mapping):
            specs = self._by_key(path, value, [name for name, _, _ in keyed], spec)
        elif isinstance(spec, (list, tuple)) and not isinstance(value, dict):
            if len(spec) != len(keyed):
                problem = f"has {len(spec)} entries, where the input, a {type(value).__name__}, has {len(keyed)}"
                raise self._misfit_at(path, problem, value)
            specs = list(spec)
        else:
            raise self._misfit_at(path, f"is {_shown(spec)}, where the input is a {type(value).__name__}", value)
        parts = zip(keyed, specs, strict=True)
        return pytree.with_children(value, [self._part(path + pytree.keystr((k,)), v, s) for (_, k, v), s in parts])

    def _by_key(self, path: str, value: Any, keys: list[Any], spec: Mapping[Any, Any]) -> list[Any]:
        """The entries of a dictionary or, by field name, of an object. Of an object, static fields may be left out."""
        builtin = type(value) in (list, tuple)
        unknown = [key for key in spec if key not in keys and not (spec[key] is None and hasattr(value, str(key)))]
        missing = [key for key in keys if key not in spec]
        if not isinstance(value, (dict, list)):
            children = dict(zip(keys, (child for _, child in pytree.children_with_keys(value)), strict=True))
            missing = [key for key in missing if _has_tensors(children[key])]
        if builtin or unknown or missing:
            have = f"{len(keys)} entries in a {type(value).__name__}" if builtin else f"the keys {keys}"
            raise self._misfit_at(path, f"has the keys {list(spec)}, where the input has {have}", value)
        return [spec.get(key) for key in keys]

    def _sizes(self, path: str, tensor: torch.Tensor, spec: Any) -> Any:
        shape = tuple(tensor.shape)
        if spec is None:
            return None
        if isinstance(spec, Mapping):
            places = [self._dimension(path, index, tensor) for index in spec]
            if len(set(places)) < len(places):
                raise self._misfit_at(path, f"has two entries for one dimension: {_shown(dict(spec))}", tensor)
            pairs = zip(places, spec.values(), strict=True)
            return {place: self._size(f"{path}[{place}]", entry, shape[place], tensor) for place, entry in pairs}
        if not isinstance(spec, (list, tuple)):
            problem = f"is {_shown(spec)}, where a tensor of shape {shape} has one entry per dimension"
            raise self._misfit_at(path, problem, tensor, WrongValue if _is_size(spec) else WrongType)
        if len(spec) != len(shape):
            problem = f"has {len(spec)} entries, where the tensor of shape {shape} has {len(shape)} dimensions"
            raise self._misfit_at(path, problem, tensor)
        entries = [self._size(f"{path}[{i}]", e, n, tensor) for i, (e, n) in enumerate(zip(spec, shape, strict=True))]
        return entries if type(spec) is list else tuple(entries)

    def _dimension(self, path: str, index: Any, tensor: torch.Tensor) -> int:
        """The number of a dimension; of a negative one counted from the end."""
        if not isinstance(index, int) or isinstance(index, bool):
            problem = f"has the key {index!r}, where the number of a dimension is expected"
            raise self._misfit_at(path, problem, tensor, WrongType)
        if not -tensor.dim() <= index < tensor.dim():
            problem = f"has the key {index}, where a tensor of shape {tuple(tensor.shape)} has no such dimension"
            raise self._misfit_at(path, problem, tensor)
        return index % tensor.dim()

    def _size(self, path: str, entry: Any, size: int, of: Any) -> Any:
        """The entry of one dimension of a tensor, or of an integer."""
        if entry is not None and not _is_size(entry):
            problem = f"is {_shown(entry)}, where None, an int, a Dim, Dim.AUTO, Dim.DYNAMIC or Dim.STATIC is expected"
            raise self._misfit_at(path, problem, of, WrongType)
        if isinstance(entry, int) and entry != size:
            raise self._misfit_at(path, f"is {entry}, and the size in the example is {size}", of)
        if isinstance(entry, Dim):
            first = self.defined.setdefault(entry.__name__, entry)
            if (first.min, first.max) != (entry.min, entry.max):
                raise self._misfit_at(path, f"is {entry!r}, and another entry has the same name: {first!r}", of)
        return entry

    def _number(self, path: str, value: Any, spec: Any) -> Any:
        """The entry of an input that is no tensor: only integers can be dynamic."""
        if spec is None or (isinstance(spec, (Mapping, list, tuple)) and not spec):
            return None
        if isinstance(value, int) and not isinstance(value, bool) and not isinstance(spec, (Mapping, list, tuple)):
            if isinstance(spec, Dim):
                problem = f"is {spec!r}, where the input is an integer; Dim.DYNAMIC or Dim.AUTO makes one dynamic"
                raise self._misfit_at(path, problem, value)
            return self._size(path, spec, value, value)
        raise self._misfit_at(
            path, f"is {_shown(spec)}, where the input, a {type(value).__name__}, has no sizes", value
        )

    def _misfit_at(self, path: str, problem: str, value: Any, error: type[WrongArgument] = WrongValue) -> WrongArgument:
        return self._misfit(f"dynamic_shapes{path} {problem}", value, path, error=error)

    def _misfit(
        self, problem: str, part: Any, path: str = "", of_all: Any = None, error: type[WrongArgument] = WrongValue
    ) -> WrongArgument:
        whole = form(self.arguments if of_all is None else of_all)
        expected = f"dynamic_shapes = {whole}"
        if len(whole) > _EXPECTED_IN_FULL and path:
            expected = f"dynamic_shapes{path} = {form(part)}"
        return error(
            problem,
            f"{expected}, if every size is static",
            "write a Dim, Dim.DYNAMIC or Dim.AUTO in the place of each size that is to be dynamic",
        )


def form(value: Any) -> str:
    """The `dynamic_shapes` for `value` in which every dimension is static, as source code."""
    if isinstance(value, torch.Tensor):
        return str(tuple(value.shape))
    if not pytree.is_registered(type(value)):
        return "None"
    parts = [(key_of(key), form(child)) for key, child in pytree.children_with_keys(value)]
    if isinstance(value, list):
        return f"[{', '.join(text for _, text in parts)}]"
    if type(value) is tuple:
        return f"({', '.join(text for _, text in parts)}{',' * (len(parts) == 1)})"
    if isinstance(value, tuple):
        return f"{type(value).__name__}({', '.join(text for _, text in parts)})"
    return "{" + ", ".join(f"{key!r}: {text}" for key, text in parts) + "}"


def key_of(key: Any) -> Any:
    """The dictionary key, position or field name that a key of pytree stands for."""
    for attribute in ("key", "idx", "name"):
        if hasattr(key, attribute):
            return getattr(key, attribute)
    return str(key)


def _is_size(entry: Any) -> bool:
    return (isinstance(entry, int) and not isinstance(entry, bool)) or isinstance(entry, Dim) or bool(hint_kind(entry))


def _has_tensors(value: Any) -> bool:
    return any(isinstance(leaf, torch.Tensor) for leaf in pytree.tree_leaves(value))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"a {type(value).__name__}"
