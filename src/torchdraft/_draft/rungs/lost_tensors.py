"""Finds lost tensors: fake tensors computed where no dispatch mode is active, in a thread or in C++ code.

Upstream keeps such a fake tensor among the program's constants and warns. That program cannot run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchdraft._torch.symbolic.fake import FakeTensor

if TYPE_CHECKING:
    from torchdraft._draft.tracing.request import Request
    from torchdraft.model.events import Frame


class LostTensor(RuntimeError):
    """The program holds a fake tensor. `module` is the submodule that uses it first, dotted, and `stack` the line."""

    def __init__(self, name: str, module: str, stack: tuple[Frame, ...] = ()) -> None:
        super().__init__(f"computation that the tracer did not see made {name}")
        self.module = module
        self.stack = stack


def raise_if_tensors_lost(
    program: torch.export.ExportedProgram, request: Request, stack: tuple[Frame, ...] = ()
) -> None:
    """Raises `LostTensor` where a constant of the program is a fake tensor that the caller did not give.

    `stack` is the line on which the model last gave work to a thread; empty if it did not.
    """
    given = {id(t) for t in (*request.mod.parameters(), *request.mod.buffers())}
    for name, constant in program.constants.items():
        if isinstance(constant, FakeTensor) and id(constant) not in given:
            raise LostTensor(name, _first_user(program, name), stack)


def _first_user(program: torch.export.ExportedProgram, name: str) -> str:
    holders = {s.arg.name for s in program.graph_signature.input_specs if s.target == name}
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in holders:
            for user in node.users:
                stack = user.meta.get("nn_module_stack") or {}
                paths = [path for path, _ in stack.values()]
                if paths:
                    return str(paths[-1]).removeprefix("L['self'].").removeprefix("L['self']")
    return ""
