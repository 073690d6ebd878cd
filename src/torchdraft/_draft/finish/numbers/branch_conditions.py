"""Graph pass: the conditions of branches that are computed from data."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.graph.control_flow import COND
from torchdraft._torch.graph.nodes import NUMBER_READS
from torchdraft._torch.graph.values import graph_modules
from torchdraft._torch.symbolic.fake import FakeTensor

from ..passes.registry import Stage, program_pass
from .conditions import ConditionWriter, NotWritable
from .number_nodes import erase_unused_numbers, numbers_of


@program_pass(
    Stage.REWRITE,
    why="Inductor writes the condition of a branch into C++ with the symbols of numbers that are read from tensors. "
    "Inside of another branch it does not declare a symbol that nothing else uses (`'zuf0' was not declared in this "
    "scope`). ExecuTorch and ONNX have no bools but tensors.",
    upstream="torch._inductor.codegen.wrapper.PythonWrapperCodegen.codegen_conditional",
)
def compute_branch_conditions_on_tensors(program: torch.export.ExportedProgram) -> bool:
    """Writes the condition of a `torch.cond` as a tensor of one bool, where it is computed from data."""
    mode = next((v.fake_mode for v in _values(program.graph) if isinstance(v, FakeTensor)), None)
    if mode is None:
        return False
    changed = [module for module in graph_modules(program.graph_module) if _rewrite(module.graph, mode)]
    for module in changed:
        module.recompile()
    return bool(changed)


def _values(graph: torch.fx.Graph) -> list[Any]:
    return [node.meta.get("val") for node in graph.nodes]


def _rewrite(graph: torch.fx.Graph, mode: Any) -> bool:
    changed = False
    for branch in graph.find_nodes(op="call_function", target=COND):
        condition = branch.args[0]
        if isinstance(condition, torch.fx.Node) and _is_from_data(condition):
            changed |= _computed(graph, mode, branch, condition)
    return changed


def _is_from_data(condition: torch.fx.Node) -> bool:
    """Whether a number is read from a tensor, or computed of numbers that are."""
    return any(node.target in NUMBER_READS for node in numbers_of(condition))


def _computed(graph: torch.fx.Graph, mode: Any, branch: torch.fx.Node, condition: torch.fx.Node) -> bool:
    writer = ConditionWriter(graph, mode)
    writer.before, writer.origin = branch, condition
    try:
        branch.update_arg(0, writer.condition(condition))
    except NotWritable:
        return False
    erase_unused_numbers(graph, condition)
    return True
