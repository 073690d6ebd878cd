"""Runs a program on the example beside eager, and says when that is worth its price."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.request import Request
from torchdraft._tape.op_schema import signature_of
from torchdraft._torch.fake import same_storage
from torchdraft._torch.tensors.copies import copy_preserving_aliasing

from .eager import mismatch

SHARE = 0.1
"""On the first rung the check may cost so much of the trace's time: two runs, estimated as below."""
SECONDS_PER_OP = 25e-6
SECONDS_PER_FLOP = 1 / 20e9
SECONDS_PER_ELEMENT = 1 / 1e9


def worth_checking(program: torch.export.ExportedProgram, trace_seconds: float) -> bool:
    """Whether running eager and the program once each is cheap next to the trace.

    The estimate counts 25 µs per op, 20 GFLOP/s for matrix products and convolutions (weight elements times rows) and
    1 ns per output element: a small CPU core.
    """
    left = trace_seconds * SHARE / 2
    for node in program.graph.nodes:
        if node.op != "call_function":
            continue
        left -= SECONDS_PER_OP + _work(node)
        if left < 0:
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
    """Elements one output needs: the reduced dimensions of a weight or matrix."""
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
    """What differs between the program and eager on the example; empty where they agree."""
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
    """The program's module with buffers of its own, and a parameter of its own where one may be written to: a run must
    not move the user's.
    """
    module = program.module()
    places = [(o._buffers, name) for o in module.modules() for name, b in o._buffers.items() if b is not None]
    for full_name in written_parameters(program):
        owner, _, name = full_name.rpartition(".")
        places.append((module.get_submodule(owner)._parameters, name))
    copies = copy_preserving_aliasing([table[name] for table, name in places])  # together: they may share storage
    for (table, name), copied in zip(places, copies, strict=True):
        table[name] = (
            torch.nn.Parameter(copied, copied.requires_grad) if isinstance(table[name], torch.nn.Parameter) else copied
        )
    return module


def written_parameters(program: torch.export.ExportedProgram) -> list[str]:
    """The parameters whose memory an operation of the program writes to, or gets without being torch's own: its schema
    may leave a write out.
    """
    names = program.graph_signature.inputs_to_parameters
    parameters = {
        names[node.name]: node.meta.get("val")
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in names
    }
    written = [tensor for module in program.graph_module.modules() for tensor in _written(module)]
    return [
        name
        for name, value in parameters.items()
        if isinstance(value, torch.Tensor) and any(same_storage(value, tensor) for tensor in written)
    ]


def _written(module: torch.nn.Module) -> list[torch.Tensor]:
    """What the operations of a graph may write to, as the tensors of the trace."""
    if not isinstance(module, torch.fx.GraphModule):
        return []
    nodes = [node for call in module.graph.nodes if call.op == "call_function" for node in _written_by(call)]
    values = [node.meta.get("val") for node in nodes]
    return [value for value in values if isinstance(value, torch.Tensor)]


def _written_by(call: torch.fx.Node) -> list[torch.fx.Node]:
    signature = signature_of(call.target)
    if not signature.builtin:
        return call.all_input_nodes
    given = [_argument(call, place) for place in signature.writes]
    flat = [value for one in given for value in (one if isinstance(one, (list, tuple)) else [one])]
    return [value for value in flat if isinstance(value, torch.fx.Node)]


def _argument(node: torch.fx.Node, place: int | str) -> Any:
    if isinstance(place, str):
        return node.kwargs.get(place)
    return node.args[place] if place < len(node.args) else None
