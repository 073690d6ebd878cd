"""The inputs of an exported program's graph: what each placeholder stands for, and its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.export.graph_signature import InputKind

MOST_COMPARED = 1 << 16
"""Elements up to which a constant tensor is described by its values."""


def described_inputs(program: torch.export.ExportedProgram) -> dict[torch.fx.Node, Any]:
    """Placeholder → a description that is equal for the same input in another program of the same model."""
    placeholders = {node.name: node for node in program.graph.find_nodes(op="placeholder")}
    described = {}
    users = 0
    for spec in program.graph_signature.input_specs:
        node = placeholders[spec.arg.name]
        if spec.kind is InputKind.USER_INPUT:
            described[node] = ("input", users)
            users += 1
        elif spec.kind in (InputKind.CONSTANT_TENSOR, InputKind.CUSTOM_OBJ):
            described[node] = _described(program.constants[spec.target])
        else:
            described[node] = (spec.kind.name, spec.target)
    return described


def _described(constant: Any) -> Any:
    plain = isinstance(constant, torch.Tensor) and type(constant) in (torch.Tensor, torch.nn.Parameter)
    if not plain or constant.layout is not torch.strided or constant.is_quantized or constant.device.type == "meta":
        return ("constant", id(constant))
    if constant.numel() > MOST_COMPARED:
        return ("constant", id(constant))
    data = constant.detach().cpu().contiguous().flatten().view(torch.uint8) if constant.numel() else constant
    return ("constant", constant.dtype, tuple(constant.shape), constant.device, bytes(data.tolist()))


def held_values(
    program: torch.export.ExportedProgram, names: Mapping[torch.fx.Node, str]
) -> dict[str, tuple[str, Any]]:
    """What placeholders that are no inputs of the user's stand for, by the names given: the dotted name of a parameter
    or buffer, or a constant.
    """
    placeholders = {node.name: node for node in program.graph.find_nodes(op="placeholder")}
    found = {}
    for spec in program.graph_signature.input_specs:
        node = placeholders[spec.arg.name]
        if spec.kind is not InputKind.USER_INPUT and node in names:
            constant = spec.kind in (InputKind.CONSTANT_TENSOR, InputKind.CUSTOM_OBJ)
            found[names[node]] = (spec.target, program.constants[spec.target] if constant else None)
    return found


def user_inputs(program: torch.export.ExportedProgram) -> set[str]:
    """The names of the placeholders that are inputs of the user's, constants included."""
    return {spec.arg.name for spec in program.graph_signature.input_specs if spec.kind is InputKind.USER_INPUT}
