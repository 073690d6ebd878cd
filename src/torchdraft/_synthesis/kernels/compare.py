"""Compares a fake kernel with the real one, on calls and in the process of the experiments."""

from __future__ import annotations

import ast
import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from torchdraft._synthesis.experiments.calls import Call, Material
from torchdraft._synthesis.experiments.observed import ListOut, Observed, TensorOut, observe
from torchdraft._synthesis.experiments.operator import Operator
from torchdraft._synthesis.experiments.worker import run_call
from torchdraft._synthesis.learning.layouts import same_strides
from torchdraft._torch.graph.operator_calls import fake_arguments, symbolic_fake_mode
from torchdraft._torch.patches.operators.fake_kernels import temporary_fake_kernel
from torchdraft._torch.symbolic.fake import UnsupportedOperatorException


def compiled(source: str) -> Callable[..., Any]:
    """The function that a source defines, without registering it."""
    tree = ast.parse(source)
    definition = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    definition.decorator_list.clear()
    names: dict[str, Any] = {"torch": torch}
    exec(compile(ast.Module([definition], []), "<fake kernel written by torchdraft>", "exec"), names)
    kernel: Callable[..., Any] = names[definition.name]
    return kernel


def with_kernel(operator: Operator, source: str) -> AbstractContextManager[Any]:
    """A context in which the operator has the fake kernel of a source; with "", the one that it has."""
    return temporary_fake_kernel(operator.name, compiled(source)) if source else contextlib.nullcontext()


def mismatches(
    operator: Operator, material: Material, calls: Sequence[Call], source: str = ""
) -> list[tuple[int, str]]:
    """The calls on which the fake kernel is wrong, by index, and what differs. A kernel that raises is wrong."""
    found = []
    with with_kernel(operator, source):
        for index, call in enumerate(calls):
            real = run_call(operator, material, call)
            if real.ok and (text := difference(real, _fake(operator, material, call))):
                found.append((index, text))
    return found


def _fake(operator: Operator, material: Material, call: Call) -> Observed | str:
    values = material.build(call)
    with warnings.catch_warnings(), symbolic_fake_mode() as mode:
        warnings.simplefilter("ignore")
        try:
            faked = fake_arguments(mode, values)
            args, kwargs = operator.unbind(faked)
            return observe(operator.overload(*args, **kwargs), faked)
        except UnsupportedOperatorException:
            return "it has no fake kernel"
        except (Exception, SystemExit) as error:
            return f"it raises {type(error).__name__}: {' '.join(str(error).split())[:200]}"


def difference(real: Observed, fake: Observed | str) -> str:
    """What differs between real outputs and those of a fake kernel; "" if nothing does."""
    if isinstance(fake, str):
        return fake
    if len(real.outputs) != len(fake.outputs):
        return f"{len(fake.outputs)} outputs, really {len(real.outputs)}"
    symbols: dict[str, int] = {}
    for number, (left, right) in enumerate(zip(fake.outputs, real.outputs, strict=True)):
        where = f"output {number}: " if len(real.outputs) > 1 else ""
        for text in _of_output(left, right, symbols):
            return where + text
    return ""


def _of_output(fake: Any, real: Any, symbols: dict[str, int]) -> Iterator[str]:
    if isinstance(real, ListOut):
        items = fake.items if isinstance(fake, ListOut) else ()
        if len(items) != len(real.items):
            yield f"a list of {len(items)}, really of {len(real.items)}"
            return
        for left, right in zip(items, real.items, strict=True):
            yield from _of_output(left, right, symbols)
    elif isinstance(real, TensorOut) and isinstance(fake, TensorOut):
        yield from _of_tensor(fake, real, symbols)
    elif isinstance(real, TensorOut) or isinstance(fake, TensorOut):
        yield "a tensor and no tensor"
    elif isinstance(real, (bool, int, float, str)) or real is None:
        known = not str(fake).startswith("Sym")
        yield from [f"{fake!r}, really {real!r}"] if known and fake != real else []


def _of_tensor(fake: TensorOut, real: TensorOut, symbols: dict[str, int]) -> Iterator[str]:
    if fake.dtype != real.dtype:
        yield f"dtype {_short(fake.dtype)}, really {_short(real.dtype)}"
    if fake.device != real.device or fake.layout != real.layout:
        yield f"{fake.device}, {_short(fake.layout)}, really {real.device}, {_short(real.layout)}"
    if len(fake.shape) != len(real.shape):
        yield f"rank {len(fake.shape)}, really {len(real.shape)}"
        return
    known = [_known(size, number, symbols) for size, number in zip(fake.shape, real.shape, strict=True)]
    if any(left != right for left, right in zip(known, real.shape, strict=True)):
        yield f"shape {[str(size) for size in fake.shape]}, really {list(real.shape)}".replace("'", "")
        return
    if all(isinstance(size, int) for size in fake.shape) and not same_strides(fake.strides, real.strides, real.shape):
        yield f"strides {list(fake.strides)}, really {list(real.strides)}"
    if bool(fake.shares) != bool(real.shares):
        yield (
            "memory of its own, really that of an argument" if real.shares else "memory of an argument, really its own"
        )


def _known(size: Any, real: int, symbols: dict[str, int]) -> int:
    """The number of a size. A symbol has the number of its first occurrence."""
    return size if isinstance(size, int) else symbols.setdefault(str(size), real)


def _short(value: Any) -> str:
    return str(value).removeprefix("torch.")
