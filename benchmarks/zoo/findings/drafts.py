"""One model through an exporter, and what its report says."""

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
    """The report of one of the two that write one."""
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
    """What plain export makes of the model."""
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
    args, kwargs = changed(args, kwargs, shapes)
    try:
        other = seeded(model.build()[0], args, kwargs)
    except Exception:
        return Plain()  # the model itself takes no other input of this kind: nothing speaks against the program
    found = compared(lambda: replay(args, kwargs), other)
    return Plain(f"differs on another input: {found}" if found else "")


def kept_outside_buffers(model: Model) -> str:
    """A plain attribute that a second call of the model leaves another than the first did: no program keeps that."""
    module, args, kwargs, _ = model.build()
    seeded(module, args, kwargs)
    first = _attributes(module)
    seeded(module, args, kwargs)
    second = _attributes(module)
    return next((name for name in second if difference(first.get(name), second[name])), "")


def _attributes(module: torch.nn.Module) -> dict[str, Any]:
    """Numbers, texts and tensors that modules hold beside their parameters and buffers, copied, by dotted name."""
    plain = (int, float, bool, str, type(None), torch.Tensor)
    return {
        f"{prefix}.{name}".lstrip("."): copy.deepcopy(value)
        for prefix, owner in module.named_modules()
        for name, value in vars(owner).items()
        if isinstance(value, plain)
    }
