"""Checks the caller's arguments before the trace, and makes their classes known to pytree."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from torchdraft._source.definitions import parameter
from torchdraft._torch import pytree
from torchdraft._torch.tensors.subclasses import is_subclassed
from torchdraft.model.errors import WrongType
from torchdraft.model.events import Event, TypeRegistered

from .constant_inputs import constant_inputs
from .pytree_types import dataclasses_with_constants, full_name, register, unknown_classes, unsaveable_namedtuples


def check_call(mod: Any, args: Any) -> None:
    """Raises `TypeError`, with a message that says what was given, what is expected and what to do."""
    if not isinstance(mod, torch.nn.Module):
        instance = isinstance(mod, type) and issubclass(mod, torch.nn.Module)
        raise WrongType(
            f"mod is the class {mod.__name__}" if instance else f"mod is a {type(mod).__name__}",
            "a torch.nn.Module",
            f"write {mod.__name__}(…)" if instance else "wrap a function in a module whose forward calls it",
        )
    if not isinstance(args, tuple):
        raise WrongType(f"args is a {type(args).__name__}", "a tuple of example inputs", "for one input write (x,)")


def register_inputs(mod: torch.nn.Module, args: Any, kwargs: dict[str, Any], events: list[Event]) -> list[type]:
    """Registers the classes of the inputs that pytree does not know or cannot save, and returns them.

    Emits an event for each, and for each class whose instances become constants: no program takes these as inputs.
    """
    registered = []
    for name, value in bound_arguments(mod, args, kwargs).items():
        with_constants = dataclasses_with_constants(value)
        for cls in [*unknown_classes(value), *unsaveable_namedtuples(value)]:
            paste, stack = register(cls, by_fields=cls in with_constants), parameter(type(mod).forward, name)
            registered.append(cls)
            events.append(TypeRegistered(stack=stack, cls=full_name(cls), where="input", paste=paste))
        subclassed = filter(is_subclassed, pytree.tree_leaves(value))
        for cls in dict.fromkeys(type(leaf) for leaf in (*constant_inputs(value), *subclassed)):
            stack = parameter(type(mod).forward, name)
            events.append(TypeRegistered(stack=stack, cls=full_name(cls), where="kept", paste=""))
    return registered


UNBOUND = ""
"""The only name in `bound_arguments` where the arguments do not fit the signature of `forward`."""


def bound_arguments(mod: torch.nn.Module, args: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Parameter of `forward` → argument. Where the arguments do not fit the signature, all are under `UNBOUND`."""
    try:
        return inspect.signature(mod.forward).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return {UNBOUND: (args, kwargs)}


def without_duplicate_tensors(inputs: Any) -> Any:
    """`inputs` in which a tensor that is passed twice is two tensors that share memory.

    As one object, both would become one input of the program, which is wrong for calls that pass two tensors. The
    indices and values of a sparse tensor are detached from it: torch cannot create a fake view of a sparse tensor.
    """
    if any(_is_part_of_sparse(leaf) for leaf in pytree.tree_leaves(inputs)):
        inputs = pytree.tree_map_only(torch.Tensor, lambda t: t.data if _is_part_of_sparse(t) else t, inputs)
    leaves = [leaf for leaf in pytree.tree_leaves(inputs) if isinstance(leaf, torch.Tensor)]
    if len({id(leaf) for leaf in leaves}) == len(leaves):
        return inputs
    seen: set[int] = set()

    def alias(tensor: torch.Tensor) -> torch.Tensor:
        if id(tensor) not in seen:
            seen.add(id(tensor))
            return tensor
        return tensor.detach().requires_grad_(tensor.requires_grad)

    return pytree.tree_map_only(torch.Tensor, alias, inputs)


def _is_part_of_sparse(leaf: Any) -> bool:
    """Whether `leaf` is the indices or values of a sparse tensor."""
    return isinstance(leaf, torch.Tensor) and leaf._base is not None and leaf._base.layout is not torch.strided
