"""Graph passes: the signatures of a program and of the submodules whose calling convention it keeps."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch.export.graph_signature import SymBoolArgument, SymIntArgument

from torchdraft._torch import pytree
from torchdraft.saved.tuple_keys import has_encodable_tuples, tuple_key

from ..passes.registry import Stage, program_pass


@program_pass(
    Stage.DESCRIBE,
    why="The signature refers to outputs by node name, and a pass may have put another node in the place of an output.",
)
def name_outputs(program: torch.export.ExportedProgram) -> bool:
    """Updates the names of the outputs in the signature."""
    (output,) = (node for node in program.graph.nodes if node.op == "output")
    for spec, node in zip(program.graph_signature.output_specs, output.args[0], strict=True):
        if isinstance(node, torch.fx.Node) and getattr(spec.arg, "name", node.name) != node.name:
            spec.arg = dataclasses.replace(spec.arg, name=node.name)
    return False


@program_pass(
    Stage.DESCRIBE,
    why="The structures of inputs and outputs are saved as JSON, which has no dictionaries with tuples as keys; "
    "the signatures of submodules cannot hold symbolic bools.",
    upstream="torch.utils._pytree.treespec_dumps",
)
def encode_call_signatures(program: torch.export.ExportedProgram) -> bool:
    """Encodes tuple keys of inputs, and declares symbolic bools as ints, in every module call signature."""
    for call in program.module_call_graph:
        if call.signature is not None:
            _encode_tuple_keys(call.signature.in_spec)
            call.signature.outputs[:] = [_bool_as_int(argument) for argument in call.signature.outputs]
            call.signature.inputs[:] = [_bool_as_int(argument) for argument in call.signature.inputs]
    return False


def _encode_tuple_keys(spec: Any) -> None:
    """Replaces tuples among the keys of dictionaries in a structure by members of `TupleKey`."""
    for child in spec.children():
        _encode_tuple_keys(child)
    keys = pytree.keys_of(spec)
    if has_encodable_tuples(keys):
        keys[:] = [tuple_key(key) if isinstance(key, tuple) else key for key in keys]


@program_pass(
    Stage.SAVE,
    why="The serializer cannot store a symbolic bool among the outputs (`x.shape[0] > 3`).",
    upstream="torch._export.serde.serialize.GraphModuleSerializer.serialize_argument_spec",
)
def declare_bools_as_ints(program: torch.export.ExportedProgram) -> bool:
    """Declares a symbolic bool among the outputs as an int, which Python's bools are. The node stays as it is."""
    for spec in program.graph_signature.output_specs:
        spec.arg = _bool_as_int(spec.arg)
    return False


def _bool_as_int(argument: Any) -> Any:
    return SymIntArgument(argument.name) if isinstance(argument, SymBoolArgument) else argument
