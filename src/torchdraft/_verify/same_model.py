"""Whether a saved program can be compared with a model: the model's classes are registered, and its weights are those
of the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from torchdraft._draft.check.eager import ModelRaised, run_eagerly
from torchdraft._draft.prepare.call import register_inputs
from torchdraft._draft.prepare.pytree_types import register, unknown_classes, unsaveable_namedtuples
from torchdraft._draft.state.snapshot import Snapshot

from .run.compare import Tolerance, unequal
from .run.pair import Pair


def register_classes(model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Registers the classes of the model's inputs and outputs with pytree, as a draft of it does.

    The model runs once, on the example, and is left as it was. Raises what it raises.
    """
    register_inputs(model, args, dict(kwargs), [])
    try:
        output = run_eagerly(model, args, dict(kwargs), Snapshot(model, (args, dict(kwargs))))
    except ModelRaised as raised:
        raise raised.error from None
    for cls in [*unknown_classes(output), *unsaveable_namedtuples(output)]:
        register(cls)


def other_values(program: torch.export.ExportedProgram, model: torch.nn.Module) -> list[str]:
    """The names of parameters and buffers whose values in the program are not those of the model."""
    pair = Pair(model, program.module(), Tolerance(None, None))
    of_model, of_program = pair.before, pair.program_before
    return sorted(name for name in of_model.keys() & of_program.keys() if unequal(of_model[name], of_program[name]))
