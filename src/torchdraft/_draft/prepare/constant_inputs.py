"""Inputs that no program can take: dtypes, devices, functions, members of enumerations, NumPy arrays, sets, slices.

Upstream ends an export at such a leaf. Here export is given None in its place, and `forward` the value of the example,
which the program is made for: nothing in it can look at what stands there in another call.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from torchdraft._torch import pytree
from torchdraft._torch.export import is_input


def is_program_input(leaf: Any) -> bool:
    """Whether a program can have `leaf` as an input and be written to a file with it."""
    return is_input(leaf) and not isinstance(leaf, enum.Enum)


def constant_inputs(value: Any) -> list[Any]:
    """The leaves of an input that no program can take."""
    return [leaf for leaf in pytree.tree_leaves(value) if not is_program_input(leaf)]


def without_constant_inputs(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The inputs as export can take them."""
    leaves, spec = pytree.tree_flatten((args, dict(kwargs)))
    if all(is_program_input(leaf) for leaf in leaves):
        return args, dict(kwargs)
    made: tuple[tuple[Any, ...], dict[str, Any]] = pytree.tree_unflatten([_taken(leaf) for leaf in leaves], spec)
    return made


def _taken(leaf: Any) -> Any:
    return leaf if is_program_input(leaf) else None


@contextmanager
def constant_inputs_restored(mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[None]:
    """Puts the values of the example back where export calls `mod` with None in their places."""
    own = pytree.tree_leaves((args, dict(kwargs)))
    if all(is_program_input(leaf) for leaf in own):
        yield
        return

    def put_back(_module: Any, args: Any, kwargs: Any) -> Any:
        given, spec = pytree.tree_flatten((args, kwargs))
        if len(given) != len(own):  # the module calls itself with other arguments
            return None
        filled = [
            was if now is None and not is_program_input(was) else now for now, was in zip(given, own, strict=True)
        ]
        return pytree.tree_unflatten(filled, spec)

    handle = mod.register_forward_pre_hook(put_back, prepend=True, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()
