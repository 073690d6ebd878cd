"""A copy of a program that shares its weights, and changes of its inputs and outputs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch.export.graph_signature import (
    ConstantArgument,
    ExportGraphSignature,
    InputKind,
    InputSpec,
    OutputKind,
    OutputSpec,
    SymBoolArgument,
    SymFloatArgument,
    SymIntArgument,
    TensorArgument,
)

from torchdraft._draft.finish.passes.replace_node import replace_by_value
from torchdraft._torch import pytree


def copied_program(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """A program whose graphs can be changed. It shares weights, constants and example inputs with `program`."""
    module = copy.deepcopy(program.graph_module)
    signature = program.graph_signature
    return torch.export.ExportedProgram(
        root=module,
        graph=module.graph,
        graph_signature=ExportGraphSignature(list(signature.input_specs), list(signature.output_specs)),
        state_dict=program.state_dict,
        range_constraints=copy.copy(program.range_constraints),
        module_call_graph=copy.deepcopy(program.module_call_graph),
        example_inputs=program.example_inputs,
        constants=program.constants,
        verifiers=list(program.verifiers),
    )


def add_outputs(program: torch.export.ExportedProgram, added: Mapping[str, torch.fx.Node]) -> None:
    """Makes the program return `(result, {name: value})` instead of `result`."""
    (end,) = program.graph.find_nodes(op="output")
    end.args = ((*end.args[0], *added.values()),)
    specs = program.graph_signature.output_specs
    specs.extend(OutputSpec(OutputKind.USER_OUTPUT, _argument(node), None) for node in added.values())
    signature = _called(program)
    extra = pytree.tree_flatten(dict.fromkeys(added, 0))[1]
    signature.out_spec = pytree.TreeSpec(tuple, None, [signature.out_spec, extra])
    program.graph_module.recompile()


def _argument(node: torch.fx.Node) -> Any:
    value = node.meta["val"]
    kinds = ((torch.SymInt, SymIntArgument), (torch.SymFloat, SymFloatArgument), (torch.SymBool, SymBoolArgument))
    return next((kind(name=node.name) for held, kind in kinds if isinstance(value, held)), TensorArgument(node.name))


def outputs_flat(program: torch.export.ExportedProgram) -> None:
    """Makes the program return a flat tuple of values of its own: no constant, no input, and none twice."""
    (end,) = program.graph.find_nodes(op="output")
    seen: set[torch.fx.Node] = set()
    outputs = []
    for node in [each for each in end.args[0] if isinstance(each, torch.fx.Node)]:
        own = node
        if isinstance(node.meta.get("val"), torch.Tensor) and (node in seen or node.op == "placeholder"):
            with program.graph.inserting_before(end):
                own = program.graph.call_function(torch.ops.aten.clone.default, (node,))
            own.meta["val"] = node.meta["val"]
        seen.add(own)
        outputs.append(own)
    end.args = (tuple(outputs),)
    specs = [OutputSpec(OutputKind.USER_OUTPUT, _argument(node), None) for node in outputs]
    program.graph_signature.output_specs[:] = specs
    _called(program).out_spec = pytree.tree_flatten(tuple(range(len(outputs))))[1]
    program.graph_module.recompile()


def inputs_flat(program: torch.export.ExportedProgram) -> None:
    """Makes the program take its inputs by position. Constant arguments are no inputs any more."""
    signature = program.graph_signature
    pairs = zip(program.graph.find_nodes(op="placeholder"), signature.input_specs, strict=True)
    constant = [(n, s) for n, s in pairs if s.kind is InputKind.USER_INPUT and isinstance(s.arg, ConstantArgument)]
    user_inputs = [s for s in signature.input_specs if s.kind is InputKind.USER_INPUT]
    places = [place for place, spec in enumerate(user_inputs) if not isinstance(spec.arg, ConstantArgument)]
    for node, spec in constant:
        replace_by_value(node, spec.arg.value)
        program.graph.erase_node(node)
        signature.input_specs.remove(spec)
    if program.example_inputs is not None:
        leaves = pytree.tree_leaves(program.example_inputs)
        program._example_inputs = (tuple(leaves[place] for place in places), {})
    called = _called(program)
    called.in_spec = pytree.tree_flatten((tuple(range(len(places))), {}))[1]
    called.forward_arg_names = None
    program.graph_module.recompile()


def _called(program: torch.export.ExportedProgram) -> Any:
    """The signature of the program as a call. Those of submodules are not needed by a runtime."""
    del program.module_call_graph[1:]
    signature = program.module_call_graph[0].signature
    assert signature is not None
    return signature


def writes_returned(program: torch.export.ExportedProgram) -> tuple[dict[str, str], dict[str, str]]:
    """Makes writes to inputs and to buffers outputs of a functional program: `(result, {name: value after the call})`,
    those to inputs first.

    Returns input → output and buffer → output.
    """
    signature = program.graph_signature
    (end,) = program.graph.find_nodes(op="output")
    outputs = list(zip(end.args[0], signature.output_specs, strict=True))
    kept = [(node, spec) for node, spec in outputs if spec.kind not in _WRITES]
    written = [(node, spec) for node, spec in outputs if spec.kind in _WRITES]
    written.sort(key=lambda pair: pair[1].kind is not OutputKind.USER_INPUT_MUTATION)
    end.args = (tuple(node for node, _ in kept),)
    signature.output_specs[:] = [spec for _, spec in kept]
    of_inputs = {str(s.target): f"{s.target}.after" for _, s in written if s.kind is OutputKind.USER_INPUT_MUTATION}
    of_buffers = {
        str(s.target): f"{s.target}.after" for _, s in written if s.kind is not OutputKind.USER_INPUT_MUTATION
    }
    add_outputs(program, {f"{spec.target}.after": node for node, spec in written})
    return of_inputs, of_buffers


_WRITES = (OutputKind.BUFFER_MUTATION, OutputKind.USER_INPUT_MUTATION, OutputKind.PARAMETER_MUTATION)


def buffers_taken(
    program: torch.export.ExportedProgram, names: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """Makes buffers inputs of the program, after all others. Returns input → name of the buffer, and input → the value
    that the buffer has now.
    """
    if not names:
        return {}, {}
    signature = program.graph_signature
    placeholders = program.graph.find_nodes(op="placeholder")
    pairs = list(zip(placeholders, signature.input_specs, strict=True))
    moved = [(node, spec) for node, spec in pairs if spec.target in names and spec.kind in _STATE]
    values = {node.name: _value(program, str(spec.target)) for node, spec in moved}
    for node, _ in moved:
        program.graph.find_nodes(op="placeholder")[-1].append(node)
    taken = [InputSpec(InputKind.USER_INPUT, TensorArgument(node.name), None) for node, _ in moved]
    signature.input_specs[:] = [spec for pair in pairs if pair not in moved for spec in pair[1:]] + taken
    call = _called(program)
    args, kwargs = call.in_spec.children()
    leaf = pytree.tree_flatten(0)[1]
    kwargs = pytree.TreeSpec(dict, [*kwargs.context, *values], [*kwargs.children(), *(leaf for _ in values)])
    call.in_spec = pytree.TreeSpec(tuple, None, [args, kwargs])
    example = program.example_inputs
    if example is not None:
        program._example_inputs = (example[0], {**example[1], **values})
    program.graph_module.recompile()
    return {node.name: str(spec.target) for node, spec in moved}, values


_STATE = (InputKind.BUFFER, InputKind.PARAMETER)


def _value(program: torch.export.ExportedProgram, name: str) -> torch.Tensor:
    held = program.state_dict.get(name)
    return program.constants[name] if held is None else held
