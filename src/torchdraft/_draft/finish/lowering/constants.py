"""Graph passes: the program's constants."""

from __future__ import annotations

import torch

from ..passes.registry import Stage, program_pass


@program_pass(
    Stage.DESCRIBE,
    why="`copy.deepcopy` refuses a tensor that autograd computed, such as a plain attribute made from a parameter. A "
    "saved program does not contain its history either.",
    upstream="torch.Tensor.__deepcopy__",
)
def detach_constants(program: torch.export.ExportedProgram) -> bool:
    """Detaches such constants. They share the memory of the model's tensors, as before."""
    for name, constant in program.constants.items():
        if isinstance(constant, torch.Tensor) and not constant.is_leaf:
            program.constants[name] = constant.detach()
    return False
