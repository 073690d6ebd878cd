"""Calls that differ from one in structure, dtypes, layouts or data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import torch

from .calls import Call, TensorSpec, with_data
from .changes import is_number, is_tensor_list, map_tensors, replaced, with_rank

FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
OTHERS = (torch.int64, torch.int32, torch.int16, torch.uint8, torch.bool, torch.complex64)
MOST_RANKS = 6


def structure_variants(call: Call) -> Iterator[Call]:
    """Calls with another flag, with an optional argument added or left out, and with tensors of other ranks."""
    yield from _flags(call)
    yield from _ranks(call)
    yield from _lists(call)
    yield from _optional(call)


def combinations_with(variant: Call, calls: list[Call]) -> Iterator[Call]:
    """A variant with each flag changed too, and with each argument of a given call that it has no value for."""
    yield from _flags(variant)
    for call in calls:
        for index, value in enumerate(call.values):
            if variant.values[index] is None and value is not None:
                yield replaced(variant, index, value)


def _flags(call: Call) -> Iterator[Call]:
    flags = [i for i, value in enumerate(call.values) if isinstance(value, bool)]
    for index in flags:
        yield replaced(call, index, not call.values[index])


def _ranks(call: Call) -> Iterator[Call]:
    places = [i for i, value in enumerate(call.values) if isinstance(value, TensorSpec) or is_tensor_list(value)]
    yield from (_deeper(call, places, step) for step in (1, -1, 2) if _possible(call, places, step))
    for index in places if len(places) > 1 else ():
        yield from (_deeper(call, [index], step) for step in (1, -1) if _possible(call, [index], step))


def _possible(call: Call, places: list[int], step: int) -> bool:
    counts = [len(spec.shape) for i in places for spec in _specs(call, i)]
    return bool(counts) and min(counts) + step >= 0 and max(counts) + step <= MOST_RANKS


def _specs(call: Call, index: int) -> list[TensorSpec]:
    return list(Call((call.values[index],)).tensors())


def _deeper(call: Call, places: list[int], step: int) -> Call:
    for index in places:
        call = map_tensors(call, lambda spec: with_rank(spec, len(spec.shape) + step), index)
    return call


def _lists(call: Call) -> Iterator[Call]:
    """Lists of numbers of other lengths, alone and together with the ranks of the tensors."""
    places = [i for i, v in enumerate(call.values) if isinstance(v, tuple) and v and all(map(is_number, v))]
    tensors = [i for i, v in enumerate(call.values) if isinstance(v, TensorSpec)]
    for step in (1, -1):
        longer = call
        for index in places:
            value = call.values[index]
            changed = (*value, value[-1]) if step > 0 else value[:-1]
            yield replaced(call, index, changed)
            longer = replaced(longer, index, changed)
        if places:
            yield longer
            if tensors and _possible(call, tensors, step):
                yield _deeper(longer, tensors, step)


def _optional(call: Call) -> Iterator[Call]:
    """An optional tensor left out, or added in a shape that occurs in the call."""
    sizes = dict.fromkeys(size for tensor in call.tensors() for size in tensor.shape)
    for index, value in enumerate(call.values):
        if isinstance(value, TensorSpec):
            yield replaced(call, index, None)
        elif value is None:
            like = next((t for t in call.tensors() if t.dtype.is_floating_point), None)
            if like is not None:
                yield from (replaced(call, index, TensorSpec((size,), like.dtype, like.device)) for size in sizes)
                yield replaced(call, index, replace(like, base=None))
            yield replaced(call, index, 2)


def dtype_variants(call: Call, *, full: bool = True) -> Iterator[Call]:
    """Calls with other dtypes: all tensors of a kind together, and each tensor alone (in few dtypes unless `full`)."""
    alone = (*FLOATS, *OTHERS) if full else (torch.float64, torch.float16, torch.int64)
    for dtype in (*FLOATS, torch.complex64):
        yield map_tensors(call, lambda t, d=dtype: replace(t, dtype=d) if t.dtype.is_floating_point else t)
    for dtype in OTHERS:
        yield map_tensors(call, lambda t, d=dtype: t if t.dtype.is_floating_point else replace(t, dtype=d))
        yield map_tensors(call, lambda t, d=dtype: replace(t, dtype=d))
    for index, value in enumerate(call.values):
        if isinstance(value, TensorSpec) or is_tensor_list(value):
            for dtype in alone:
                yield map_tensors(call, lambda t, d=dtype: replace(t, dtype=d), index)


def layout_variants(call: Call) -> Iterator[Call]:
    """Calls with tensors that are not contiguous: each alone, and all together."""
    places = [i for i, v in enumerate(call.values) if isinstance(v, TensorSpec) or is_tensor_list(v)]
    for only, layout in product((None, *places) if len(places) > 1 else (None,), _LAYOUTS):
        changed = map_tensors(call, layout, only)
        if changed != call:
            yield changed


def _reversed(spec: TensorSpec) -> TensorSpec:
    return replace(spec, order=tuple(reversed(range(len(spec.shape)))), gaps=False)


def _channels_last(spec: TensorSpec) -> TensorSpec:
    rank = len(spec.shape)
    return replace(spec, order=(0, *range(2, rank), 1), gaps=False) if rank >= 3 else spec


def _with_gaps(spec: TensorSpec) -> TensorSpec:
    return replace(spec, order=(), gaps=True) if spec.shape else spec


_LAYOUTS = (_reversed, _channels_last, _with_gaps)


def float_variants(call: Call) -> Iterator[Call]:
    """The call with another value of each float argument, or of one float in a list."""
    for index, value in enumerate(call.values):
        if isinstance(value, float):
            yield from (replaced(call, index, other) for other in _other_floats(value))
        elif isinstance(value, tuple) and any(isinstance(item, float) for item in value):
            for place, item in enumerate(value):
                if isinstance(item, float):
                    for other in _other_floats(item):
                        yield replaced(call, index, (*value[:place], other, *value[place + 1 :]))


def _other_floats(value: float) -> tuple[float, ...]:
    return tuple(dict.fromkeys((2 * value, value / 2, value + 1.0, value + 0.25, 1.0, 0.0, -value)))


def data_variants(call: Call) -> Iterator[Call]:
    """The call with other data."""
    for data in ("sampled", "small", "zeros", "constant", "sorted"):
        for seed in (1, 2, 3) if data in ("sampled", "small") else (1,):
            yield with_data(call, data, call.seed + seed)
