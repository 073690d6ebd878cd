"""Graph pass: describes inputs by plain numbers where their sizes are specialized."""

from __future__ import annotations

from typing import Any

import torch
from torch.export.graph_signature import InputKind

from torchdraft._torch.graph.nodes import has_plain_memory

from ..passes.registry import Stage, program_pass


@program_pass(
    Stage.DESCRIBE,
    why="The metadata of an input keeps a symbolic number where a dynamic dimension was specialized. Exporters go by "
    "its type: ONNX declares such a dimension as dynamic (`dim_param='4'`) and takes any size, and ExecuTorch "
    "fails (`_ViewSpec is incompatible with its base`).",
    upstream="torch.fx.experimental.symbolic_shapes.ShapeEnv._update_var_to_range",
)
def describe_specialized_sizes(program: torch.export.ExportedProgram) -> bool:
    """Replaces symbolic sizes that are one number, in the metadata of the inputs, by that number."""
    specs = program.graph_signature.input_specs
    for node, spec in zip(program.graph.find_nodes(op="placeholder"), specs, strict=True):
        value = node.meta.get("val")
        if spec.kind is not InputKind.USER_INPUT or not isinstance(value, torch.Tensor) or not has_plain_memory(value):
            continue
        sizes, strides = [_plain(each) for each in value.shape], [_plain(each) for each in value.stride()]
        if any(
            type(new) is not type(old)
            for new, old in zip((*sizes, *strides), (*value.shape, *value.stride()), strict=True)
        ):
            with value.fake_mode:
                made = torch.empty_strided(sizes, strides, dtype=value.dtype, device=value.device)
            node.meta["val"] = made.requires_grad_(value.requires_grad)
    return False


def _plain(size: Any) -> Any:
    """The size, as a plain number if it is one."""
    if not isinstance(size, torch.SymInt):
        return size
    expr = size.node.expr
    return int(expr) if expr.is_number else size
