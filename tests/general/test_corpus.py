"""Every model of the corpus runs in eager on all of its inputs, and its inputs take different ways."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from benchmarks.general.check import difference, run, shapes_of
from benchmarks.general.registry import Call, Model, load

MODELS = load()


READS = {"__bool__", "__int__", "__float__", "__index__", "item", "tolist", "equal", "allclose", "__contains__"}


class Reads(TorchFunctionMode):
    """Records the values that leave tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in READS:
            self.seen.append(result)
        elif name in {"__getitem__", "nonzero", "where"}:
            self.seen.append([leaf.shape for leaf in pytree.tree_leaves(result)])
        return result


@contextmanager
def lines() -> Iterator[list[tuple[str, int]]]:
    """Records the lines of the corpus that run."""
    seen: list[tuple[str, int]] = []

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        if "/corpus/" not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        seen.append((frame.f_code.co_name, frame.f_lineno))
        return follow

    former = sys.gettrace()
    sys.settrace(follow)
    try:
        yield seen
    finally:
        sys.settrace(former)


def way(model: Model, call: Call) -> str:
    """What ran, what was read and all sizes, as one text."""
    module = model.build()
    args, kwargs = call()
    with lines() as ran, Reads() as reads:
        try:
            outputs = module(*args, **kwargs)
        except Exception as error:
            outputs = repr(error)
    sizes = [
        tuple(leaf.shape) if isinstance(leaf, torch.Tensor) else leaf for leaf in pytree.tree_leaves((call(), outputs))
    ]
    return f"{ran} {reads.seen} {sizes}"


def test_the_corpus_is_large_and_has_all_kinds():
    assert len(MODELS) >= 80
    kinds = {model.kind for model in MODELS.values()}
    assert kinds >= {"numbers", "sizes", "branches", "conditions", "size-branches", "writes", "results", "raises"}
    assert kinds >= {"layers", "dispatch", "loops", "modes", "parts"}


@pytest.mark.parametrize("name", MODELS)
def test_eager_takes_the_inputs_and_repeats_itself(name):
    model = MODELS[name]
    assert len(model.others) >= 2
    for call in (model.example, *model.others):
        assert difference(run(model.build(), call), run(model.build(), call)) == ""
    for call in model.refused:
        with pytest.raises(Exception):  # noqa: B017, PT011
            run(model.build(), call)


@pytest.mark.parametrize("name", MODELS)
def test_another_input_goes_another_way_than_the_example(name):
    model = MODELS[name]
    example = way(model, model.example)
    assert any(way(model, call) != example for call in (*model.others, *model.refused))


@pytest.mark.parametrize("name", MODELS)
def test_only_dynamic_sizes_differ_between_the_inputs(name):
    model = MODELS[name]
    arguments = list(inspect.signature(model.build().forward).parameters)
    dynamic = {
        (argument, dim)
        for argument, dims in (shapes_of(model) or {}).items()
        for dim in (dims if isinstance(dims, dict) else [None] * (dims is not None))
    }
    example = sizes(arguments, model.example)
    for call in (*model.others, *model.refused):
        other = sizes(arguments, call)
        assert other.keys() == example.keys()
        assert {place for place, size in other.items() if size != example[place]} <= dynamic


def sizes(arguments: list[str], call: Call) -> dict[Any, Any]:
    """Every size of every argument, and every number, by its place."""
    args, kwargs = call()
    found: dict[Any, Any] = {}
    for argument, value in {**dict(zip(arguments, args)), **kwargs}.items():
        for number, leaf in enumerate(pytree.tree_leaves(value)):
            if isinstance(leaf, torch.Tensor):
                found[argument, number, "dtype"] = leaf.dtype
                found |= {
                    (argument, dim) if not number else (argument, number, dim): size
                    for dim, size in enumerate(leaf.shape)
                }
            else:
                found[argument, None] = leaf
    return found
