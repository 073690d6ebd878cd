"""Graph passes: weights and constants that a file holds as plain tensors only: sparse, quantized, of oneDNN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.export.graph_signature import InputKind, InputSpec, TensorArgument

from torchdraft._tape.op_schema import signature_of
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.tensors.parts import Parts, parts_of

from ..passes.registry import Stage, program_pass


@program_pass(
    Stage.SAVE,
    why="A file holds the memory of weights and constants. A sparse tensor has no memory of its own (`Cannot access "
    "storage of SparseTensorImpl`), and the file format has no quantized dtype.",
    upstream="torch.export.pt2_archive._package._save_raw_tensors",
)
def hold_constants_in_parts(program: torch.export.ExportedProgram) -> bool:
    """Holds such a tensor as plain tensors (`indices`, `values`), and makes it of them where the program starts."""
    found = list(_divisible(program))
    for spec, node, parts in found:
        _divide(program, spec, node, parts)
    return bool(found)


def _divisible(program: torch.export.ExportedProgram) -> Iterator[tuple[InputSpec, torch.fx.Node, Parts]]:
    """The inputs that the program supplies itself and that have parts. Not those that it writes to: the write would
    be lost with the tensor that was made of the parts.
    """
    signature = program.graph_signature
    assigned = {*signature.buffers_to_mutate.values(), *signature.parameters_to_mutate.values()}
    nodes = {node.name: node for node in program.graph.find_nodes(op="placeholder")}
    for spec in signature.input_specs:
        value = _table(program, spec).get(spec.target) if spec.target not in (None, *assigned) else None
        parts = parts_of(value) if isinstance(value, torch.Tensor) else None
        node = nodes[spec.arg.name]
        if parts is not None and not any(_writes_to(user, node) for user in node.users):
            yield spec, node, parts


def _table(program: torch.export.ExportedProgram, spec: InputSpec) -> dict[str, Any]:
    """Where the program has the value of an input that it supplies itself."""
    stored = spec.kind is InputKind.PARAMETER or (spec.kind is InputKind.BUFFER and spec.persistent)
    return program.state_dict if stored else program.constants


def _writes_to(call: torch.fx.Node, value: torch.fx.Node) -> bool:
    writes = signature_of(call.target).writes
    return any(
        value is (call.kwargs.get(at) if isinstance(at, str) else call.args[at] if at < len(call.args) else None)
        for at in writes
    )


def _divide(program: torch.export.ExportedProgram, spec: InputSpec, original: torch.fx.Node, parts: Parts) -> None:
    """Replaces one input by its parts, which an operator joins before the first call."""
    graph, signature = program.graph, program.graph_signature
    whole = _table(program, spec).pop(str(spec.target))
    inputs = [_add_part(program, spec, original, whole, name, part) for name, part in parts.tensors.items()]
    with graph.inserting_before(next(node for node in graph.nodes if node.op != "placeholder")):
        joined = graph.call_function(
            parts.operator, (*(node for node, _ in inputs), *parts.arguments), dict(parts.named)
        )
    joined.meta = dict(original.meta)
    original.replace_all_uses_with(joined)
    graph.erase_node(original)
    place = signature.input_specs.index(spec)
    signature.input_specs[place : place + 1] = [made for _, made in inputs]
    for output in signature.output_specs:
        if getattr(output.arg, "name", None) == original.name:
            output.arg = TensorArgument(joined.name)
    _forget_other_names(program, whole)


def _add_part(
    program: torch.export.ExportedProgram,
    spec: InputSpec,
    original: torch.fx.Node,
    whole: torch.Tensor,
    name: str,
    part: torch.Tensor,
) -> tuple[torch.fx.Node, InputSpec]:
    """Adds one part to the program. The floating point part of a parameter is a parameter."""
    target = _free_name(program, f"{spec.target}_{name}")
    with program.graph.inserting_before(original):
        node = program.graph.placeholder(f"{original.name}_{name}")
    argument = TensorArgument(node.name)
    if not isinstance(whole, torch.nn.Parameter):
        made = InputSpec(spec.kind, argument, target, spec.persistent)
    elif part.is_floating_point() or part.is_complex():
        made = InputSpec(InputKind.PARAMETER, argument, target)
        part = torch.nn.Parameter(part, whole.requires_grad)
    else:
        made = InputSpec(InputKind.CONSTANT_TENSOR, argument, target)
    _table(program, made)[target] = part
    fake = original.meta.get("val")
    node.meta["val"] = fake.fake_mode.from_tensor(part, static_shapes=True) if isinstance(fake, FakeTensor) else part
    return node, made


def _forget_other_names(program: torch.export.ExportedProgram, whole: torch.Tensor) -> None:
    """Removes the tensor from under the names that no input has: those of the other attributes that hold it."""
    named = {spec.target for spec in program.graph_signature.input_specs}
    for name in [name for name, value in program.constants.items() if value is whole and name not in named]:
        del program.constants[name]


def _free_name(program: torch.export.ExportedProgram, wanted: str) -> str:
    taken, name, number = {*program.state_dict, *program.constants}, wanted, 0
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name
