"""Graph pass: what a program asserts about the strides and offsets of its inputs holds in decomposed programs too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from torchdraft._torch.graph.layout_guards import guard_layout
from torchdraft._torch.graph.program_inputs import user_inputs

from ..passes.registry import Stage, program_pass
from .lowered_layouts import fixed_layouts

_aten = torch.ops.aten
_READS = (_aten.sym_stride.int, _aten.sym_storage_offset.default)


@program_pass(
    Stage.DESCRIBE,
    why="`run_decompositions` traces the program again with the strides of the example, which decide every assertion "
    "about them: none is left, and the decomposed program is silently wrong on inputs laid out otherwise.",
    upstream="torch.export.exported_program._decompose_exported_program",
)
def guard_asserted_layouts(program: torch.export.ExportedProgram) -> bool:
    """Declares strides and offsets that the graph asserts as guards, which the decomposed program checks."""
    inputs = user_inputs(program)
    placeholders = [node for node in program.graph.find_nodes(op="placeholder") if node.name in inputs]
    fixed = {layout.source for layout in fixed_layouts(program)}
    whole = [(node, dim) for node in placeholders if node.name in fixed for dim in range(node.meta["val"].dim())]
    for node, dim in dict.fromkeys([*whole, *_asserted(program.graph)]):
        tensor = node.meta["val"]
        if node in placeholders and not (dim is not None and _is_one(tensor.shape[dim])):
            known = tensor.storage_offset() if dim is None else tensor.stride(dim)
            guard_layout(program, placeholders.index(node), dim, known)
    return False


def _is_one(size: Any) -> bool:
    """Whether a dimension has the size 1 for sure: its stride says nothing."""
    return isinstance(size, int) and size == 1


def _asserted(graph: torch.fx.Graph) -> Iterator[tuple[torch.fx.Node, int | None]]:
    """The inputs whose stride along a dimension, or whose offset (None), an assertion reads; all of an input's if it
    reads those of a view of it.
    """
    for read in (node for target in _READS for node in graph.find_nodes(op="call_function", target=target)):
        if not any(_is_asserted(user) for user in read.users):
            continue
        tensor: Any = read.args[0]
        if tensor.op == "placeholder":
            yield tensor, read.args[1] if read.target is _READS[0] else None
            continue
        while tensor.op == "call_function" and tensor.all_input_nodes:
            tensor = tensor.all_input_nodes[0]
        value = tensor.meta.get("val")
        if tensor.op == "placeholder" and isinstance(value, torch.Tensor) and value.layout is torch.strided:
            yield from ((tensor, dim) for dim in (None, *range(value.dim())))


def _is_asserted(condition: torch.fx.Node) -> bool:
    return any(user.target is _aten._assert_scalar.default for user in condition.users)
