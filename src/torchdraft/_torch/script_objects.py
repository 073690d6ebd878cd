"""TorchBind objects, which are instances of C++ classes, and the fake objects in their place in a trace."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from . import pytree
from .dispatch import outside_modes
from .probe import need

FakeScriptObject: Any = need("torch._library.fake_class_registry:FakeScriptObject")


def has_state(value: Any) -> bool:
    """Whether `value` is a TorchBind object that a trace replaces by a fake object. Packed weights are not replaced."""
    return isinstance(value, torch.ScriptObject) and hasattr(value, "__obj_flatten__")


def copied_object(value: Any) -> Any:
    """A copy of a TorchBind object or an opaque value; the object itself if its class does not support copies."""
    try:
        with outside_modes():
            return copy.deepcopy(value)
    except Exception:  # what the user's class raises
        return value


def with_copied_objects(inputs: tuple[Any, Any]) -> tuple[Any, Any]:
    """The inputs, with copies of the objects among them; the same tuple where there are none."""
    leaves, spec = pytree.tree_flatten(inputs)
    if not any(has_state(leaf) for leaf in leaves):
        return inputs
    copies = {id(leaf): copied_object(leaf) for leaf in leaves if has_state(leaf)}
    made: tuple[Any, Any] = pytree.tree_unflatten([copies.get(id(leaf), leaf) for leaf in leaves], spec)
    return made


def copied_real_object(fake: Any) -> Any:
    """A copy of the real object that a fake one was made from, in its state of that moment."""
    return copied_object(fake.real_obj)


def copy_objects_of(mod: torch.nn.Module) -> list[tuple[dict[str, Any], str, Any]]:
    """Replaces the objects in the attributes of a module and its submodules by copies; returns where they were."""
    modules = [each for each in mod.modules() if not isinstance(each, torch.jit.ScriptModule)]
    places = [(vars(m), name, value) for m in modules for name, value in vars(m).items() if has_state(value)]
    copies: dict[int, Any] = {}
    for attributes, name, value in places:
        if id(value) not in copies:
            copies[id(value)] = copied_object(value)
        attributes[name] = copies[id(value)]
    return places


@contextmanager
def private_objects(mod: torch.nn.Module) -> Iterator[None]:
    """In this block, the objects in the attributes of a module and its submodules are copies."""
    places = copy_objects_of(mod)
    try:
        yield
    finally:
        for attributes, name, value in places:
            attributes[name] = value
