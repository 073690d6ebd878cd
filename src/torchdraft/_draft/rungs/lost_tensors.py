"""Finds tensors that slipped past the tracer: made from fake tensors where no mode was active (a thread, a C++ helper).

Upstream keeps such a fake tensor among the program's constants and warns. A program like that cannot run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchdraft._torch.fake import FakeTensor

if TYPE_CHECKING:
    from torchdraft._draft.tracing.request import Request
    from torchdraft.model.events import Frame


class LostTensor(RuntimeError):
    """The program holds a fake tensor. `module` is the dotted name of the submodule to blame, `stack` the line."""

    def __init__(self, name: str, module: str, stack: tuple[Frame, ...] = ()) -> None:
        super().__init__(f"computation that the tracer did not see made {name}")
        self.module = module
        self.stack = stack


def raise_if_tensors_lost(
    program: torch.export.ExportedProgram, request: Request, stack: tuple[Frame, ...] = ()
) -> None:
    """Raises `Untraced` where a constant of the program is a fake tensor and the user's inputs were real.

    `stack` is where the model gave work to a thread, if it did.
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
