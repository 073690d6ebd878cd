"""Example inputs that a file cannot hold. The only owner of those that were taken off a program."""

from __future__ import annotations

import pickle
from typing import Any
from weakref import WeakKeyDictionary

import torch

from torchdraft._torch import pytree

from ..passes.registry import Stage, program_pass

_PICKLED_BY_TORCH = (torch.Tensor, torch.ScriptObject, torch.nn.Module)

Example = tuple[tuple[Any, ...], dict[str, Any]]

_removed: WeakKeyDictionary[torch.export.ExportedProgram, Example] = WeakKeyDictionary()
"""Program → its example inputs, for as long as the program lives."""


def example_inputs(program: torch.export.ExportedProgram) -> Example | None:
    """The example inputs of a program, also where `drop_unpicklable_example` removed them; None where it has none."""
    return program.example_inputs or _removed.get(program)


@program_pass(
    Stage.DESCRIBE,
    why="The example inputs are saved with pickle. A class that pickle cannot find (it is defined in a function) or "
    "create (its `__getattr__` needs attributes that are not there yet) would make saving or loading fail.",
    upstream="torch._export.serde.serialize.serialize_torch_artifact",
)
def drop_unpicklable_example(program: torch.export.ExportedProgram) -> bool:
    """Removes example inputs whose structure or constants cannot be pickled or unpickled. `verify` still has them."""
    if program.example_inputs is None:
        return False
    leaves, spec = pytree.tree_flatten(program.example_inputs)
    try:
        plain = [None if isinstance(leaf, _PICKLED_BY_TORCH) else leaf for leaf in leaves]
        pickle.loads(pickle.dumps(pytree.tree_unflatten(plain, spec)))
    except Exception:
        _removed[program] = program.example_inputs
        program.example_inputs = None
    return False
