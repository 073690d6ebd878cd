"""Compares eager and the program: results, inputs after the call, parameters and buffers after the call."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Literal

import numpy as np
import torch

from torchdraft._draft.prepare.object_nodes import ObjectContext
from torchdraft._torch import pytree
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.tensors.subclasses import inner_tensors, is_wrapper

from .side import RunResult

Part = Literal["result", "inputs", "state"]
Kind = Literal["values", "other"]

_OPAQUE = (torch.nn.Module, torch.Generator, ModuleType, FunctionType, BuiltinFunctionType, MethodType, type)
_SCALARS = (int, float, complex, bool, str, bytes, type(None), slice, range, torch.dtype, torch.device, torch.layout)
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Tolerances for values. None for the default of `torch.testing.assert_close` for the dtype."""

    rtol: float | None = None
    atol: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf in which program and eager differ."""

    part: Part
    where: str
    """`output['a']`, `input x after the call`, `buffer seen after the call`."""
    what: str
    kind: Kind
    leaf: int = 0
    """Index of the leaf within its part, in the order of the structure."""
    leaves: int = 1
    """Number of leaves of the part."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def differences(
    want: RunResult, got: RunResult, before: Mapping[str, torch.Tensor], names: Sequence[str], tolerance: Tolerance
) -> list[Difference]:
    """All differences between two runs; an empty list if they agree.

    `before` is the state of the model before the run. `names` are the names of its positional arguments.
    """
    return [
        *_of_parts("result", "output", want.result, got.result, tolerance),
        *_of_inputs(want.inputs, got.inputs, names, tolerance),
        *_of_state(want.state, got.state, before, tolerance),
    ]


def unequal(one: torch.Tensor, two: torch.Tensor) -> bool:
    """True if two tensors differ in dtype, shape, layout, device or values."""
    return bool(_of_tensors(one, two, Tolerance())[0])


def _of_parts(part: Part, name: str, want: Any, got: Any, tolerance: Tolerance) -> Iterator[Difference]:
    walked = list(_walk(want, got, name, tolerance, frozenset()))
    for leaf, (where, what, kind) in enumerate(walked):
        if what:
            yield Difference(part, where, what, kind, leaf, len(walked))


def _of_inputs(want: Any, got: Any, names: Sequence[str], tolerance: Tolerance) -> Iterator[Difference]:
    positional = zip((*names, *map(str, range(len(names), len(want[0])))), want[0], got[0], strict=False)
    keyword = ((name, value, got[1][name]) for name, value in want[1].items())
    for name, one, two in (*positional, *keyword):
        for found in _of_parts("inputs", f"input {name}", one, two, tolerance):
            yield replace(found, where=f"{found.where} after the call")


def _of_state(
    want: Mapping[str, torch.Tensor],
    got: Mapping[str, torch.Tensor],
    before: Mapping[str, torch.Tensor],
    tolerance: Tolerance,
) -> Iterator[Difference]:
    """Parameters and buffers. A program omits those that the model does not use. Eager must not write to these."""
    for name, mine in want.items():
        if name in got:
            found = _of_tensors(mine, _converted_alike(mine, got[name]), tolerance)
        elif name in before and _of_tensors(before[name], mine, tolerance)[0]:
            found = "eager writes to it, the program does not have it", "other"
        else:
            continue
        if found[0]:
            yield Difference("state", f"{name} after the call", *found)


def _converted_alike(want: torch.Tensor, got: torch.Tensor) -> torch.Tensor:
    """A parameter in the dtype that it has after the eager run. A model that converts its weights does so in every
    call.
    """
    return got.to(want.dtype) if isinstance(want, torch.nn.Parameter) else got


def _walk(
    want: Any, got: Any, where: str, tolerance: Tolerance, above: frozenset[int]
) -> Iterator[tuple[str, str, Kind]]:
    """Every leaf, as `(where, what differs, kind)`. The second text is empty if nothing differs."""
    if isinstance(want, torch.Tensor):
        yield where, *_of_tensors(want, got, tolerance)
    elif isinstance(want, _SCALARS) or type(want).__module__ == "numpy":
        yield where, *_of_scalars(want, got)
    elif isinstance(want, _OPAQUE) or id(want) in above or len(above) > _DEEPEST:
        yield where, "", "other"
    elif type(got) is not type(want):
        yield where, f"a {type(got).__qualname__}, eager has a {type(want).__qualname__}", "other"
    else:
        yield from _of_containers(want, got, where, tolerance, above | {id(want)})


def _of_containers(
    want: Any, got: Any, where: str, tolerance: Tolerance, above: frozenset[int]
) -> Iterator[tuple[str, str, Kind]]:
    mine, theirs = dict(_parts(want)), dict(_parts(got))
    if list(mine) != list(theirs):
        yield where, f"holds {_listed(theirs)}, in eager {_listed(mine)}", "other"
        return
    for name, part in mine.items():
        yield from _walk(part, theirs[name], where + name, tolerance, above)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a value, each with the expression that accesses it."""
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, (set, frozenset)):
        yield from ((f"[{index}]", item) for index, item in enumerate(sorted(value, key=repr)))
    if type(value).__module__ == "builtins":
        return
    if pytree.is_registered(type(value)):
        yield from _registered_parts(value)
    else:
        yield from _attributes(value)


def _registered_parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The pytree children of the object. A program rebuilds its outputs from these only."""
    children, spec = pytree.flatten_one_level(value)
    if not isinstance(value, (Mapping, list, tuple)):
        yield from ((f"<{index}>", child) for index, child in enumerate(children))
    if isinstance(spec.context, ObjectContext):
        yield from ((f".{name}", item) for name, item in spec.context.static.items())


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    yield from ((f".{name}", item) for name, item in getattr(value, "__dict__", {}).items())
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if not slot.startswith("__") and hasattr(value, slot):
                yield f".{slot}", getattr(value, slot)


def _listed(names: Mapping[str, Any]) -> str:
    shown = ", ".join(list(names)[:6]) + (", …" if len(names) > 6 else "")
    return f"{len(names)} parts ({shown})" if names else "nothing"


def _of_scalars(want: Any, got: Any) -> tuple[str, Kind]:
    if isinstance(got, torch.Tensor) or type(got) is not type(want):
        return f"{_shown(got)}, eager has {_shown(want)}", "other"
    if type(want).__module__ == "numpy":
        return _of_arrays(want, got)
    if isinstance(want, (float, complex)):
        # A Python float may come from a tensor of any precision, so the tolerance for float32 is used.
        close = torch.isclose(_single(got), _single(want), rtol=1.3e-6, atol=1e-5, equal_nan=True)
        return ("" if bool(close) else f"{got!r}, eager has {want!r}"), "values"
    return ("" if got == want else f"{got!r}, eager has {want!r}"), "values"


def _of_arrays(want: Any, got: Any) -> tuple[str, Kind]:
    if want.dtype.kind in "biufc" and got.dtype.kind in "biufc":
        return _of_tensors(torch.as_tensor(want), torch.as_tensor(got), Tolerance())
    same = want.dtype == got.dtype and np.array_equal(want, got)  # text, dates
    return ("" if same else f"{_shown(got)}, eager has {_shown(want)}"), "values"


def _single(value: complex) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.complex128 if isinstance(value, complex) else torch.float64)


def _shown(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"a tensor ({str(value.dtype).removeprefix('torch.')}{list(value.shape)})"
    return f"{value!r}"[:80]


def _of_tensors(want: torch.Tensor, got: Any, tolerance: Tolerance) -> tuple[str, Kind]:
    if not isinstance(got, torch.Tensor):
        return f"{_shown(got)}, eager has {_shown(want)}", "other"
    if isinstance(got, FakeTensor):
        return "a tensor without data, left over from tracing", "other"
    for name in ("dtype", "shape", "layout", "device"):
        mine, theirs = getattr(want, name), getattr(got, name)
        if mine != theirs:
            return f"{name} {_plain(theirs)}, in eager {_plain(mine)}", "other"
    if is_wrapper(want) or is_wrapper(got):
        return _of_wrappers(want, got, tolerance)
    return _of_values(want.detach(), got.detach(), tolerance), "values"


def _of_wrappers(want: torch.Tensor, got: torch.Tensor, tolerance: Tolerance) -> tuple[str, Kind]:
    if type(got) is not type(want):
        return f"{type(got).__name__}, in eager {type(want).__name__}", "other"
    inner = inner_tensors(got)
    for name, tensor in inner_tensors(want).items():
        what, kind = _of_tensors(tensor, inner.get(name), tolerance)
        if what:
            return f".{name}: {what}", kind
    return "", "values"


def _plain(value: Any) -> str:
    return str(list(value)) if isinstance(value, torch.Size) else str(value).removeprefix("torch.")


def _of_values(want: torch.Tensor, got: torch.Tensor, tolerance: Tolerance) -> str:
    if want.device.type == "meta" or (want.layout is torch.strided and torch.equal(want, got)):
        return ""
    try:
        torch.testing.assert_close(
            got, want, rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True, check_stride=False
        )
    except AssertionError as error:
        return _worst(want, got) or " ".join(str(error).split())[:200]
    return ""


def _worst(want: torch.Tensor, got: torch.Tensor) -> str:
    """Describes the element with the largest difference, with both values."""
    if want.layout is not torch.strided or want.is_quantized:
        return ""
    wide = torch.complex128 if want.is_complex() else torch.float64
    mine, theirs = want.to(wide).reshape(-1), got.to(wide).reshape(-1)
    same = (mine == theirs) | (mine.isnan() & theirs.isnan())
    distance = (mine - theirs).abs().nan_to_num(nan=math.inf, posinf=math.inf).masked_fill(same, 0.0)
    index = int(distance.argmax())
    place = list(torch.unravel_index(torch.tensor(index), want.shape)) if want.dim() else []
    at = f" at {[int(i) for i in place]}" if place else ""
    differing = int((~torch.isclose(theirs, mine, equal_nan=True)).sum())
    count = f"{differing} of {want.numel()} values differ, most{at}" if want.numel() > 1 else "value differs"
    return f"{count}: {_value(got, index)}, in eager {_value(want, index)}"


def _value(tensor: torch.Tensor, index: int) -> str:
    value = tensor.reshape(-1)[index].item()
    return f"{value:.6g}" if isinstance(value, float) else str(value)
