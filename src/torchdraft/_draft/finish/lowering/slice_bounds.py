"""Graph pass: writes the start of a slice as a number."""

from __future__ import annotations

import torch

from ..passes.registry import Stage, graph_pass


@graph_pass(
    Stage.REWRITE,
    why="AOTInductor writes the start of a slice with a data-dependent end into C++ as it is: `None` does not compile.",
    upstream="torch._inductor.codegen.cpp_wrapper_cpu.CppWrapperCpu.codegen_dynamic_slice_size",
)
def fill_slice_starts(graph: torch.fx.Graph) -> bool:
    """Replaces the start None of a slice by 0."""
    changed = False
    for node in graph.find_nodes(op="call_function", target=torch.ops.aten.slice.Tensor):
        if len(node.args) > 2 and node.args[2] is None:
            node.update_arg(2, 0)
            changed = True
    return changed
