"""Compares a program with eager on the example, and estimates whether that is cheap enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.request import Request
from torchdraft._tape.op_schema import signature_of
from torchdraft._torch.script_objects import copy_objects_of
from torchdraft._torch.symbolic.fake import same_storage
from torchdraft._torch.tensors.copies import copy_preserving_aliasing

from .outputs import mismatch

SHARE = 0.1
"""The share of the trace's time that the check, two runs, may take on the first rung."""
SECONDS_PER_OP = 25e-6
SECONDS_PER_FLOP = 1 / 20e9
SECONDS_PER_ELEMENT = 1 / 1e9


def worth_checking(program: torch.export.ExportedProgram, trace_seconds: float) -> bool:
    """Whether one run of eager and one of the program are cheap compared to the trace.

    The estimate is that of a small CPU core: 25 µs for each operator, 20 GFLOP/s for matrix products and convolutions
    (elements of the weight times rows), and 1 ns for each output element.
    """
    budget = trace_seconds * SHARE / 2
    for node in program.graph.nodes:
        if node.op != "call_function":
            continue
        budget -= SECONDS_PER_OP + _work(node)
        if budget < 0:
            return False
    return True


def _work(node: torch.fx.Node) -> float:
    out = node.meta.get("val")
    size = _numel(out)
    seconds = size * SECONDS_PER_ELEMENT
    name = str(node.target)
    if any(word in name for word in ("linear", "mm", "conv", "matmul", "einsum", "lstm", "gru", "attention")):
        weights = [a.meta.get("val") for a in node.args if isinstance(a, torch.fx.Node)]
        inner = max((_last(w) for w in weights), default=1)
        seconds += 2 * size * inner * SECONDS_PER_FLOP
    return seconds


def _numel(value: Any) -> float:
    if isinstance(value, torch.Tensor):
        return math.prod(_hint(s) for s in value.shape)
    if isinstance(value, (list, tuple)):
        return sum(_numel(v) for v in value)
    return 0.0


def _last(value: Any) -> float:
    """The number of elements that one output element is computed from: the reduced dimensions of a weight or matrix."""
    if not isinstance(value, torch.Tensor) or value.dim() == 0:
        return 1.0
    return math.prod(_hint(s) for s in value.shape[1:]) if value.dim() > 1 else _hint(value.shape[0])


def _hint(size: Any) -> float:
    if isinstance(size, torch.SymInt):
        hint = size.node.maybe_as_int()
        return float(hint if hint is not None else size.node.hint or 64)
    return float(size)


def check(
    program: torch.export.ExportedProgram, request: Request, snapshot: Snapshot, run_model: Callable[[], Any]
) -> str:
    """The first difference between the program and eager on the example, as text; empty where there is none."""
    expected = run_model()
    args, kwargs = copy_preserving_aliasing((request.args, dict(request.kwargs)))
    snapshot.restore_random()
    try:
        got = copied_module(program)(*args, **kwargs)
    except Exception as error:
        return f"the program raises {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    finally:
        snapshot.restore()
    return mismatch(got, expected)


def copied_module(program: torch.export.ExportedProgram) -> torch.nn.Module:
    """The program's module with copies of its TorchBind objects, of its buffers, of the parameters that it may write
    to, and of all constants if it may write to one, since they may share memory: a run must not change the user's.
    """
    module = program.module()
    copy_objects_of(module)
    entries = [(o._buffers, name) for o in module.modules() for name, b in o._buffers.items() if b is not None]
    signature = program.graph_signature
    for full_name in written(program, signature.inputs_to_parameters):
        owner, _, name = full_name.rpartition(".")
        entries.append((module.get_submodule(owner)._parameters, name))
    if written(program, signature.inputs_to_lifted_tensor_constants):
        entries += [(vars(o), n) for o in module.modules() for n, v in vars(o).items() if isinstance(v, torch.Tensor)]
    copies = copy_preserving_aliasing([table[name] for table, name in entries])  # together: they may share storage
    for (table, name), copied in zip(entries, copies, strict=True):
        table[name] = (
            torch.nn.Parameter(copied, copied.requires_grad) if isinstance(table[name], torch.nn.Parameter) else copied
        )
    return module


def written(program: torch.export.ExportedProgram, names: Mapping[str, str]) -> list[str]:
    """Which of `names`, by their placeholders, have memory that an operator of the program writes to. Custom operators
    count as writing to all of their arguments: their schemas may omit a write.
    """
    values = {
        names[n.name]: n.meta.get("val") for n in program.graph.nodes if n.op == "placeholder" and n.name in names
    }
    tensors = [tensor for module in program.graph_module.modules() for tensor in _written_tensors(module)]
    return [
        name
        for name, value in values.items()
        if isinstance(value, torch.Tensor) and any(same_storage(value, tensor) for tensor in tensors)
    ]


def _written_tensors(module: torch.nn.Module) -> list[torch.Tensor]:
    """The tensors of the trace that operators of a graph may write to."""
    if not isinstance(module, torch.fx.GraphModule):
        return []
    nodes = [node for call in module.graph.nodes if call.op == "call_function" for node in _written_nodes(call)]
    values = [node.meta.get("val") for node in nodes]
    return [value for value in values if isinstance(value, torch.Tensor)]


def _written_nodes(call: torch.fx.Node) -> list[torch.fx.Node]:
    signature = signature_of(call.target)
    if not signature.builtin:
        return call.all_input_nodes
    arguments = [_argument(call, place) for place in signature.writes]
    flat = [value for each in arguments for value in (each if isinstance(each, (list, tuple)) else [each])]
    return [value for value in flat if isinstance(value, torch.fx.Node)]


def _argument(node: torch.fx.Node, place: int | str) -> Any:
    if isinstance(place, str):
        return node.kwargs.get(place)
    return node.args[place] if place < len(node.args) else None
