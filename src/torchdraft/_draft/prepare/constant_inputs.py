"""Inputs that no program can take: dtypes, devices, functions, members of enumerations, opaque values, NumPy arrays,
sets, slices.

`torch.export` raises on such a leaf. Here export receives a placeholder, a text, in its place, and `forward` receives
the value of the example. The value is constant in the program, which ignores what another call passes there.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.export.graph_signature import ConstantArgument

from torchdraft._torch import pytree
from torchdraft._torch.exporters.export import is_input, is_opaque_constant


def is_program_input(leaf: Any) -> bool:
    """Whether a program can have `leaf` as an input, depend on it, and be saved with it.

    What an opaque value holds is read while the model is traced, so it is constant in the program of export, too.
    """
    return is_input(leaf) and not isinstance(leaf, enum.Enum) and not is_opaque_constant(type(leaf))


def constant_inputs(value: Any) -> list[Any]:
    """The leaves of an input that no program can take as inputs."""
    return [leaf for leaf in pytree.tree_leaves(value) if not is_program_input(leaf)]


_PLACEHOLDER = "torchdraft: constant"
"""Stands for a constant input during the trace. It cannot be None: a dataclass has no leaf for a field that is None."""


def _is_placeholder(leaf: Any) -> bool:
    return type(leaf) is str and leaf == _PLACEHOLDER


def without_constant_inputs(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The inputs with placeholders for constant ones."""
    leaves, spec = pytree.tree_flatten((args, dict(kwargs)))
    if all(is_program_input(leaf) for leaf in leaves):
        return args, dict(kwargs)
    replaced = [leaf if is_program_input(leaf) else _PLACEHOLDER for leaf in leaves]
    inputs: tuple[tuple[Any, ...], dict[str, Any]] = pytree.tree_unflatten(replaced, spec)
    return inputs


@contextmanager
def constant_inputs_restored(mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[None]:
    """A context in which `mod` receives the values of the example where export passes placeholders."""
    example = pytree.tree_leaves((args, dict(kwargs)))
    if all(is_program_input(leaf) for leaf in example):
        yield
        return

    def restore(_module: Any, args: Any, kwargs: Any) -> Any:
        leaves, spec = pytree.tree_flatten((args, kwargs))
        if len(leaves) != len(example):  # the module calls itself with other arguments
            return None
        restored = [constant if _is_placeholder(leaf) else leaf for leaf, constant in zip(leaves, example, strict=True)]
        return pytree.tree_unflatten(restored, spec)

    handle = mod.register_forward_pre_hook(restore, prepend=True, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def placeholders_removed(
    program: torch.export.ExportedProgram, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Makes `program`, exported on `without_constant_inputs(args, kwargs)`, ignore what is passed for these."""
    for node in program.graph.find_nodes(op="placeholder"):
        if _is_placeholder(node.meta.get("val")):
            node.meta["val"] = None
    for spec in program.graph_signature.input_specs:
        if isinstance(spec.arg, ConstantArgument) and _is_placeholder(spec.arg.value):
            spec.arg = ConstantArgument(name=spec.arg.name, value=None)
    for entry in program.module_call_graph:
        for argument in entry.signature.inputs if entry.signature is not None else ():
            if isinstance(argument, ConstantArgument) and _is_placeholder(argument.value):
                argument.value = None
    leaves, structure = pytree.tree_flatten(program.example_inputs)
    if any(map(_is_placeholder, leaves)):
        example = pytree.tree_unflatten([None if _is_placeholder(leaf) else leaf for leaf in leaves], structure)
        same = pytree.tree_flatten(example)[1] == structure
        program._example_inputs = example if same else (args, dict(kwargs))
