"""Drafts one model with an exporter and extracts the findings of its report."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ...compare import difference
from ..check import Replay, changed, compared, exporter, one_line, seeded
from ..registry import Model
from .finding import Finding, Plain, Report, of_torch, of_torchdraft, place_of

READERS: dict[str, Callable[[Any], Iterator[Finding]]] = {"draft_export": of_torch, "torchdraft": of_torchdraft}


def drafted(model: Model, name: str, dynamic: bool) -> Report:
    """The report of one of the two exporters with reports."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    module, args, kwargs, shapes = model.build()
    started = time.perf_counter()
    try:
        program = exporter(name)(module, args, kwargs, dynamic_shapes=shapes if dynamic else None)
    except Exception as error:
        return Report(failure=one_line(error), seconds=time.perf_counter() - started)
    report = program._report
    return Report(list(READERS[name](report)), successful=report.successful(), seconds=time.perf_counter() - started)


def taken_plainly(model: Model, dynamic: bool) -> Plain:
    """The result of plain export."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    module, args, kwargs, shapes = model.build()
    shapes = shapes if dynamic else None
    expected = seeded(model.build()[0], args, kwargs)
    try:
        program = exporter("export")(module, args, kwargs, dynamic_shapes=shapes, strict=False)
        replay = Replay(program.module())
    except Exception as error:
        return Plain(one_line(error), place_of(error))
    found = compared(lambda: replay(args, kwargs), expected)
    if found:
        return Plain(f"differs on the example: {found}")
    if name := kept_outside_buffers(model):
        return Plain(f"drops `{name}`, which the model counts on from call to call")
    for inputs in (changed(args, kwargs, shapes), *with_ones(args, kwargs, shapes)):
        try:
            other = seeded(model.build()[0], *inputs)
        except Exception:
            continue  # the model itself rejects this input, so the program may reject it too
        if found := compared(lambda inputs=inputs: replay(*inputs), other):
            return Plain(f"differs on another input: {found}")
    asked, free = sum(1 for _ in asked_for(shapes)), free_dimensions(program)
    return Plain(f"keeps {free} of {asked} dimensions as free as asked, and says nothing" if free < asked else "")


Inputs = tuple[tuple[Any, ...], dict[str, Any]]


def with_ones(args: tuple[Any, ...], kwargs: dict[str, Any], shapes: Any) -> Iterator[Inputs]:
    """The inputs with one dynamic dimension set to 1, for each dimension."""
    marks = [] if shapes is None else [*zip(range(len(args)), shapes.values(), strict=False), *shapes.items()]
    given = {**dict(enumerate(args)), **kwargs}
    for place, dims in marks:
        value = given.get(place)
        for dim in dims if isinstance(dims, dict) and isinstance(value, torch.Tensor) else ():
            other = copy.deepcopy(given | {place: value.narrow(dim, 0, 1).clone()})
            yield tuple(other[n] for n in range(len(args))), {name: other[name] for name in kwargs}


def asked_for(shapes: Any) -> Iterator[Any]:
    """Every dimension that is requested to be dynamic."""
    if isinstance(shapes, (dict, list, tuple)):
        for part in shapes.values() if isinstance(shapes, dict) else shapes:
            yield from asked_for(part)
    elif shapes is not None and not isinstance(shapes, int):
        yield shapes


def free_dimensions(program: torch.export.ExportedProgram) -> int:
    """The number of independent dynamic sizes in the inputs of the program that accept every value from 2 on."""
    values = [node.meta.get("val") for node in program.graph.find_nodes(op="placeholder")]
    sizes = {str(size) for value in values if isinstance(value, torch.Tensor) for size in value.shape}
    ranges = {str(symbol): bounds for symbol, bounds in program.range_constraints.items()}
    return sum(1 for size in sizes & ranges.keys() if ranges[size].lower <= 2 and ranges[size].upper > 1 << 31)


def kept_outside_buffers(model: Model) -> str:
    """A plain attribute that has another value after the second call than after the first. No program updates it."""
    module, args, kwargs, _ = model.build()
    seeded(module, args, kwargs)
    first = _attributes(module)
    seeded(module, args, kwargs)
    second = _attributes(module)
    return next((name for name in second if difference(first.get(name), second[name])), "")


def _attributes(module: torch.nn.Module) -> dict[str, Any]:
    """Copies of the numbers, strings and tensors of modules besides parameters and buffers, by dotted name."""
    plain = (int, float, bool, str, type(None), torch.Tensor)
    return {
        f"{prefix}.{name}".lstrip("."): copy.deepcopy(value)
        for prefix, owner in module.named_modules()
        for name, value in vars(owner).items()
        if isinstance(value, plain)
    }
