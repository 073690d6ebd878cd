"""Graph pass: tensors that are made in the body of a control flow operator (`torch.tensor([1., 2.])` in a branch)."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.export.graph_signature import InputKind, InputSpec, TensorArgument

from torchdraft._torch.symbolic.fake import FakeTensor

from ..passes.registry import Stage, program_pass


class _Operator(NamedTuple):
    """Where a control flow operator has its bodies and their further operands."""

    bodies: tuple[int, ...]
    operands: int | None
    """The argument that is a list of operands, all of which are the last ones of the bodies; None where they follow the
    bodies as arguments."""


_OPERATORS = {
    getattr(torch.ops.higher_order, name): operator
    for name, operator in {
        "cond": _Operator((1, 2), 3),
        "while_loop": _Operator((0, 1), 3),
        "map_impl": _Operator((0,), 2),
        "scan": _Operator((0,), 3),
        "associative_scan": _Operator((0,), 2),
        "wrap_with_set_grad_enabled": _Operator((1,), None),
        "wrap_with_autocast": _Operator((4,), None),
    }.items()
    if hasattr(torch.ops.higher_order, name)
}


@program_pass(
    Stage.REWRITE,
    why="A tensor that is made in a branch is an attribute of the branch's graph: the program cannot be saved (the "
    "serializer has no case for it), and not be decomposed (functionalization does not wrap it).",
    upstream="torch._export.passes.lift_constants_pass.lift_constants_pass, https://github.com/pytorch/pytorch/issues/158366",
)
def lift_constants_of_bodies(program: torch.export.ExportedProgram) -> bool:
    """Makes such a tensor a constant of the program, and passes it to the body as an operand."""
    return bool([_lift(program, node) for node in _moved_outwards(program.graph_module)])


def _moved_outwards(module: torch.fx.GraphModule) -> list[torch.fx.Node]:
    """Moves the constants of all bodies in `module` out of them; returns their nodes in `module`."""
    made: list[torch.fx.Node] = []
    for node in list(module.graph.nodes):
        operator = _OPERATORS.get(node.target) if node.op == "call_function" else None
        if operator is None or not all(isinstance(node.args[index], torch.fx.Node) for index in operator.bodies):
            continue
        attributes: list[Any] = [node.args[index] for index in operator.bodies]
        bodies = [getattr(module, attribute.target) for attribute in attributes]
        for body in bodies:
            _moved_outwards(body)
        for body in bodies:
            made += [_move(module, node, operator, bodies, constant) for constant in _constants(body)]
        for body in bodies:
            body.recompile()
    return made


def _constants(body: torch.fx.GraphModule) -> list[torch.fx.Node]:
    return [n for n in body.graph.find_nodes(op="get_attr") if isinstance(getattr(body, n.target, None), torch.Tensor)]


def _move(
    module: torch.fx.GraphModule, call: torch.fx.Node, operator: _Operator, bodies: list[Any], constant: torch.fx.Node
) -> torch.fx.Node:
    """Moves one constant of one body to `module`, and makes it the last operand of all bodies of `call`."""
    owner = next(body for body in bodies if body.graph is constant.graph)
    tensor = getattr(owner, str(constant.target))
    name = _free_name(module)
    module.register_buffer(name, tensor, persistent=False)
    with module.graph.inserting_before(call):
        outer = module.graph.get_attr(name)
    outer.meta = {**call.meta, "val": _fake(call, tensor)}
    for body in dict.fromkeys(bodies):
        last = list(body.graph.find_nodes(op="placeholder"))[-1:]
        with body.graph.inserting_after(last[0]) if last else body.graph.inserting_before():
            operand = body.graph.placeholder(name)
        operand.meta = {**constant.meta, "val": outer.meta["val"]}
        if body is owner:
            constant.replace_all_uses_with(operand)
            body.graph.erase_node(constant)
    if operator.operands is None:
        call.args = (*call.args, outer)
    else:
        operands: Any = call.args[operator.operands]
        call.args = tuple((*operands, outer) if i == operator.operands else a for i, a in enumerate(call.args))
    return outer


def _free_name(module: torch.fx.GraphModule) -> str:
    taken = {node.name for node in module.graph.nodes}
    number = 0
    while hasattr(module, name := f"body_constant_{number}") or name in taken:
        number += 1
    return name


def _fake(call: torch.fx.Node, tensor: torch.Tensor) -> Any:
    """`tensor` as a fake tensor of the graph's mode."""
    values = [node.meta.get("val") for node in call.graph.nodes]
    mode = next((value.fake_mode for value in values if isinstance(value, FakeTensor)), None)
    return tensor if mode is None else mode.from_tensor(tensor, static_shapes=True)


def _lift(program: torch.export.ExportedProgram, constant: torch.fx.Node) -> torch.fx.Node:
    """Makes an attribute of the outermost graph an input that the program supplies itself."""
    module, specs = program.graph_module, program.graph_signature.input_specs
    target = str(constant.target)
    place = next((i for i, spec in enumerate(specs) if spec.kind is InputKind.USER_INPUT), len(specs))
    placeholders = list(module.graph.find_nodes(op="placeholder"))
    before = placeholders[place] if place < len(placeholders) else next(iter(module.graph.nodes))
    program.constants[target] = getattr(module, target)
    with module.graph.inserting_before(before):
        lifted = module.graph.placeholder(f"c_{target}")
    lifted.meta = {"val": constant.meta["val"]}
    specs.insert(place, InputSpec(InputKind.CONSTANT_TENSOR, TensorArgument(lifted.name), target))
    constant.replace_all_uses_with(lifted)
    module.graph.erase_node(constant)
    delattr(module, target)
    return lifted
