"""Graph passes: what the serializer needs of each node."""

from __future__ import annotations

import torch

from torchdraft._torch import pytree
from torchdraft._torch.graph.nodes import is_saveable, plain_fake
from torchdraft._torch.symbolic.fake import OpOverload
from torchdraft._torch.tensors.nested import tensors_in

from ..passes.registry import Stage, graph_pass


@graph_pass(
    Stage.SAVE,
    why="The loader passes arguments by name and does not find one whose name is a Python keyword (`from` of "
    "`uniform_`) if the call leaves it at its default.",
    upstream="torch._export.serde.serialize.GraphModuleDeserializer.deserialize_inputs",
)
def fill_keyword_defaults(graph: torch.fx.Graph) -> bool:
    """Writes the defaults of an operator that has an argument called `from` into the call."""
    changed = False
    for node in graph.nodes:
        if not isinstance(node.target, OpOverload):
            continue
        arguments = [a for a in node.target._schema.arguments if not a.kwarg_only]
        if any(a.name == "from" for a in arguments[len(node.args) :]):
            rest = [node.kwargs.get(a.name, a.default_value) for a in arguments[len(node.args) :]]
            node.args = (*node.args, *rest)
            names = {a.name for a in arguments}
            node.kwargs = {k: v for k, v in node.kwargs.items() if k not in names}
            changed = True
    return changed


_NUMBERS = {torch.qint8: 12, torch.quint8: 13, torch.qint32: 14, torch.quint4x2: 16, torch.quint2x4: 17}
"""dtypes that the file format lacks → their numbers, which operators accept in their place."""


@graph_pass(
    Stage.SAVE,
    why="The file format has no quantized dtypes, and calls have them as arguments (`quantize_per_tensor`).",
    upstream="torch._export.serde.serialize._TORCH_TO_SERIALIZE_DTYPE",
)
def number_quantized_dtypes(graph: torch.fx.Graph) -> bool:
    """Replaces quantized dtypes among the arguments by their numbers."""
    changed = False
    for node in graph.nodes:
        for name, value in enumerate(node.args) if isinstance(node.target, OpOverload) else ():
            if isinstance(value, torch.dtype) and value in _NUMBERS:
                node.update_arg(name, _NUMBERS[value])
                changed = True
        for name, value in node.kwargs.items() if isinstance(node.target, OpOverload) else ():
            if isinstance(value, torch.dtype) and value in _NUMBERS:
                node.update_kwarg(name, _NUMBERS[value])
                changed = True
    return changed


@graph_pass(
    Stage.SAVE,
    why="The serializer cannot describe a value without strides (sparse CSR) or of a quantized dtype.",
    upstream="torch._export.serde.serialize.serialize_tensor_meta",
    after={"hold_constants_in_parts": "the operators that it adds return such values"},
)
def describe_as_plain_tensors(graph: torch.fx.Graph) -> bool:
    """Describes sparse CSR and quantized values as plain tensors of their sizes, in the metadata of the nodes."""
    for node in graph.nodes:
        value = node.meta.get("val")
        if not all(is_saveable(tensor) for tensor in tensors_in(value)):
            node.meta["val"] = pytree.tree_map_only(
                torch.Tensor, lambda tensor: tensor if is_saveable(tensor) else plain_fake(tensor), value
            )
    return False
