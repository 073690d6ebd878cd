"""Looks at the call before anything is traced: is it a call at all, and does pytree know what it is made of."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from torchdraft._source.definitions import parameter
from torchdraft._torch import pytree
from torchdraft._torch.tensors.subclasses import is_subclassed
from torchdraft.model.events import Event, TypeRegistered

from .constant_inputs import constant_inputs
from .pytree_types import register, unknown_classes


def check_call(mod: Any, args: Any, kwargs: Mapping[str, Any], dynamic_shapes: Any) -> None:
    """Raises `TypeError` or `ValueError` that says what was given, what was expected and what to do."""
    if not isinstance(mod, torch.nn.Module):
        raise TypeError(
            f"draft_export takes a torch.nn.Module, got {type(mod).__name__}; wrap a function in a module whose "
            f"forward calls it"
        )
    if not isinstance(args, tuple):
        raise TypeError(f"args must be a tuple of example inputs, got {type(args).__name__}; for one input write (x,)")
    if isinstance(dynamic_shapes, Mapping):
        _check_keys(mod, args, kwargs, dynamic_shapes)


def _check_keys(
    mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], shapes: Mapping[Any, Any]
) -> None:
    expected = _given_names(mod, args, kwargs)
    if expected is None or not shapes or set(shapes) <= set(expected):
        return
    raise ValueError(
        f"dynamic_shapes has the keys {sorted(map(str, shapes))}, but the inputs given are {expected}; "
        f"write one entry per input, None for a static one: "
        f"{{{', '.join(f'{n!r}: ...' for n in expected)}}}"
    )


def _given_names(mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[str] | None:
    """Names of the inputs as `dynamic_shapes` has to spell them; None where the call does not bind."""
    names = list(bound_arguments(mod, args, kwargs))
    return None if names == [""] else names


def register_inputs(mod: torch.nn.Module, args: Any, kwargs: dict[str, Any], events: list[Event]) -> list[type]:
    """Registers the classes of the inputs that pytree does not know."""
    made = []
    given = bound_arguments(mod, args, kwargs)
    for name, value in given.items():
        for cls in unknown_classes(value):
            paste, stack = register(cls), parameter(type(mod).forward, name)
            made.append(cls)
            full = f"{cls.__module__}.{cls.__qualname__}"
            events.append(TypeRegistered(stack=stack, cls=full, where="input", paste=paste))
        classed = filter(is_subclassed, pytree.tree_leaves(value))
        for cls in dict.fromkeys(type(leaf) for leaf in (*constant_inputs(value), *classed)):
            stack, full = parameter(type(mod).forward, name), f"{cls.__module__}.{cls.__qualname__}"
            events.append(TypeRegistered(stack=stack, cls=full, where="kept", paste=""))
    return made


def bound_arguments(mod: torch.nn.Module, args: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Parameter → what it is given; all under one name where the call does not bind."""
    try:
        return inspect.signature(mod.forward).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return {"": (args, kwargs)}


def without_duplicate_tensors(inputs: Any) -> Any:
    """`inputs` with a tensor that is given twice as two tensors that share its memory.

    Under one identity both would be one input of the program, and wrong on calls that give two. The parts of a sparse
    tensor become tensors of their own: torch cannot make a fake view of a sparse tensor.
    """
    if any(_part_of_sparse(leaf) for leaf in pytree.tree_leaves(inputs)):
        inputs = pytree.tree_map_only(torch.Tensor, lambda t: t.data if _part_of_sparse(t) else t, inputs)
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


def _part_of_sparse(leaf: Any) -> bool:
    """Whether `leaf` is the indices or values of a sparse tensor."""
    return isinstance(leaf, torch.Tensor) and leaf._base is not None and leaf._base.layout is not torch.strided
