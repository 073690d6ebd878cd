"""What the program asserts around an operator whose outputs were learned from a real run, and its profiles.

Downstream of such an operator the graph relies on the dtype, device, layout and rank that were seen. Its sizes are
symbols and need no guard of ours; torch asserts what was assumed of them.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import torch

from torchdraft._torch.library import OpProfile, TensorMetadata
from torchdraft._torch.tensors.nested import tensors_in

Profile = Any
"""A `TensorMetadata`, the class of a number or string, None, or a tuple of these."""


def guard_ops(program: torch.export.ExportedProgram, ops: Collection[str]) -> None:
    """Asserts, at every call of `ops`, the arguments' metadata before it and the outputs' after it."""
    for module in _graph_modules(program):
        calls = _calls(module, ops)
        for node in calls:
            if _drop_if_frozen(module.graph, node):
                continue
            with module.graph.inserting_before(node):
                for argument in node.all_input_nodes:
                    _assert_like(module.graph, node, argument)
            for output in _outputs(node):
                with module.graph.inserting_before(output.next):
                    _hold_rank(module.graph, node, output)
                    _assert_like(module.graph, node, output)
        if calls:
            module.recompile()


def _drop_if_frozen(graph: torch.fx.Graph, node: torch.fx.Node) -> bool:
    """Removes a call whose results, numbers or strings, all became constants of the program. Nothing reads it, and the
    saver refuses it.
    """
    users = [user for user in node.users if user.target is operator.getitem and not user.users]
    if tensors_in(node.meta.get("val")) or len(users) < len(node.users) or node.target._schema.is_mutable:
        return False
    for dead in (*users, node):
        graph.erase_node(dead)
    return True


def profiles_of(program: torch.export.ExportedProgram, ops: Collection[str]) -> dict[str, set[Any]]:
    """Operator → the profiles of its calls in the program."""
    found: defaultdict[str, set[Any]] = defaultdict(set)
    for module in _graph_modules(program):
        for node in _calls(module, ops):
            given = tuple(_argument(a) for a in (*node.args, *node.kwargs.values()))
            found[str(node.target)].add(OpProfile(given, profile(node.meta.get("val"))))
    return dict(found)


def profile(value: Any) -> Profile:
    """What is kept of an output in a profile."""
    if isinstance(value, torch.Tensor):
        return TensorMetadata.maybe_from_tensor(value)
    if isinstance(value, (list, tuple)):
        return tuple(profile(v) for v in value)
    numbers = {torch.SymInt: int, torch.SymFloat: float, torch.SymBool: bool}
    return None if value is None else numbers.get(type(value), type(value))


def _argument(value: Any) -> Any:
    return TensorMetadata.maybe_from_tensor(value.meta.get("val")) if isinstance(value, torch.fx.Node) else None


def _graph_modules(program: torch.export.ExportedProgram) -> Iterator[torch.fx.GraphModule]:
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            yield module


def _calls(module: torch.fx.GraphModule, ops: Collection[str]) -> list[torch.fx.Node]:
    return [n for n in module.graph.nodes if n.op == "call_function" and str(n.target) in ops] if ops else []


def _outputs(node: torch.fx.Node) -> list[torch.fx.Node]:
    """The nodes that stand for the op's outputs: itself, or what is taken out of its list."""
    if isinstance(node.meta.get("val"), torch.Tensor):
        return [node]
    taken = [user for user in node.users if user.target is operator.getitem]
    return [leaf for user in taken for leaf in _outputs(user)]


def _assert_like(graph: torch.fx.Graph, op: torch.fx.Node, tensor: torch.fx.Node) -> None:
    """Asserts dtype, device and layout where `graph` inserts. Not sizes: torch's fake rule for this operator compares
    a list of them with a `torch.Size` and always finds them different.
    """
    value = tensor.meta.get("val")
    if isinstance(value, torch.Tensor):
        options = {"dtype": value.dtype, "device": value.device, "layout": value.layout}
        check = graph.call_function(torch.ops.aten._assert_tensor_metadata.default, (tensor,), options)
        _describe(check, op, None)


def _hold_rank(graph: torch.fx.Graph, op: torch.fx.Node, tensor: torch.fx.Node) -> None:
    """Lets what follows use the output through a permutation that changes nothing and raises on another rank. No
    assertion operator of torch's says a rank.
    """
    value = tensor.meta["val"]
    if value.layout is not torch.strided:
        return
    dims = list(range(value.dim()))
    users = [u for u in tensor.users if u.op != "output" and u.target is not torch.ops.aten.sym_size.int]
    held = graph.call_function(torch.ops.aten.permute.default, (tensor, dims))
    _describe(held, op, value)
    for user in users:
        user.replace_input_with(tensor, held)


def _describe(node: torch.fx.Node, op: torch.fx.Node, value: Any) -> None:
    node.meta["val"] = value
    for key in ("stack_trace", "nn_module_stack", "torch_fn"):
        if key in op.meta:
            node.meta[key] = op.meta[key]
