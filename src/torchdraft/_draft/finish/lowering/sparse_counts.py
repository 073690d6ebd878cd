"""Graph pass: a decomposed program that fixed the number of elements of a sparse input, or of its sparse dimensions,
checks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from torchdraft._draft.custom_ops.fake_kernels import SPARSE_PARTS
from torchdraft._torch.graph.layout_guards import guard_sparse
from torchdraft._torch.graph.program_inputs import user_inputs
from torchdraft._torch.symbolic.shapes import SYMBOLIC

from ..passes.registry import Stage, program_pass

OF_FAKE_TENSORS = 0
"""The number of elements of a fake sparse tensor, with which `run_decompositions` traces the program."""


@program_pass(
    Stage.DESCRIBE,
    why="`run_decompositions` traces the program again with fake sparse tensors, which have no elements, and computes "
    "with the number 0 wherever the program reads how many there are: silently wrong on the example too.",
    upstream="torch.export.exported_program._decompose_exported_program",
)
def guard_sparse_counts(program: torch.export.ExportedProgram) -> bool:
    """Declares a guard on the number of elements where operations depend on it, and on the asserted number of sparse
    dimensions, which a decomposed program checks.
    """
    inputs = user_inputs(program)
    placeholders = [node for node in program.graph.find_nodes(op="placeholder") if node.name in inputs]
    sparse = [n for n in placeholders if getattr(n.meta.get("val"), "layout", torch.strided) is not torch.strided]
    for node in sparse if sparse and _counts_matter(program.graph) else ():
        guard_sparse(program, placeholders.index(node), "_nnz", OF_FAKE_TENSORS)
    for node, dimensions in _asserted_dimensions(program.graph) if sparse else ():
        if node in sparse:
            guard_sparse(program, placeholders.index(node), "sparse_dim", dimensions)
    return False


def _asserted_dimensions(graph: torch.fx.Graph) -> Iterator[tuple[torch.fx.Node, int]]:
    """The tensors whose sparse dimensions the program asserts, as the first size of the indices."""
    for node in graph.find_nodes(op="call_function", target=torch.ops.aten.sym_size.int):
        indices, dim = node.args
        size = node.meta.get("val")
        if indices.target is torch.ops.aten._indices.default and dim == 0 and isinstance(size, int):
            yield indices.args[0], size


def _counts_matter(graph: torch.fx.Graph) -> bool:
    """Whether a size of the parts of a sparse tensor is more than compared and asserted."""
    parts = (node for target in SPARSE_PARTS for node in graph.find_nodes(op="call_function", target=target))
    counts = {symbol for node in parts for symbol in _symbols(node.meta.get("val"))}
    if not counts:
        return False
    numbers = (n for n in graph.nodes if isinstance(n.meta.get("val"), SYMBOLIC) and counts & _symbols(n.meta["val"]))
    users = (user for number in numbers for user in number.users)
    return any(u.op == "output" or not isinstance(u.meta.get("val"), (*SYMBOLIC, type(None))) for u in users)


def _symbols(value: Any) -> set[Any]:
    sizes = value.shape if isinstance(value, torch.Tensor) else (value,)
    return {symbol for size in sizes if isinstance(size, SYMBOLIC) for symbol in size.node.expr.free_symbols}
