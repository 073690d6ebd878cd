"""Graph passes: what the serializer needs of each node."""

from __future__ import annotations

import torch

from torchdraft._torch import pytree
from torchdraft._torch.fake import OpOverload
from torchdraft._torch.graph_nodes import is_saveable, plain_fake
from torchdraft._torch.tensors.nested import tensors_in

from .registry import Stage, graph_pass


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


@graph_pass(
    Stage.SAVE,
    why="The serializer cannot describe a value without strides (sparse CSR) or of a quantized dtype.",
    upstream="torch._export.serde.serialize.serialize_tensor_meta",
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
