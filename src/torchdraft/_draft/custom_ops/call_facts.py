"""What the trace observed about one call of a custom operator, kept in the metadata of its node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import torch

from torchdraft._torch.dispatch import node_of_op
from torchdraft._torch.symbolic.fake import same_storage
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

if TYPE_CHECKING:
    from torchdraft._tape.evaluation.evaluate import OpRun

    from .op_call import OpCall

KEY = "torchdraft_operator_call"
"""Key of `node.meta`."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Where one output tensor of a real run lay."""

    base: int | None
    """The tensor argument with which it shares memory."""
    offset: int
    """The storage offset, relative to that of `base`."""
    strides: tuple[int, ...]
    base_strides: tuple[int, ...]
    conjugated: bool
    negated: bool
    storage: int
    """The number of elements that its whole memory has room for."""
    group: int | None = None
    """The first of the outputs with which it shares memory of none of the arguments."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The facts of one call."""

    kernel: Literal["missing", "wrong", "agreed"]
    """Whether the operator has a fake kernel, and whether that agreed with the real one."""
    written: tuple[int, ...] = ()
    """The tensor arguments that the kernel wrote to although its schema does not say so."""
    memory: tuple[Memory | None, ...] = ()
    """Per flattened output; empty where the call was not run, None for an output that is no strided tensor."""
    arguments_share: bool = False
    """Whether two tensor arguments share memory."""
    plain: Any = None
    """The result, if it is one plain Python value: torch keeps none in the metadata of a node."""


def note_facts(call: OpCall, facts: CallFacts) -> None:
    """Keeps the facts in the node of the call, if it is one that the program calls."""
    node = node_of_op(call.func) if call.mode.depth == 1 else None
    if node is not None:
        node.meta[KEY] = facts


def note_plain_result(call: OpCall, out: Any) -> None:
    """Adds the result of a call to its facts, where it is one plain Python value."""
    node = node_of_op(call.func) if call.mode.depth == 1 and not tensors_in(out) else None
    if node is not None and node.meta.get(KEY) is not None:
        node.meta[KEY] = replace(node.meta[KEY], plain=out)


def facts_of(node: torch.fx.Node) -> CallFacts | None:
    """The facts about a node; None where the trace noted none."""
    found: CallFacts | None = node.meta.get(KEY)
    return found


def facts_of_run(kernel: Literal["missing", "wrong", "agreed"], run: OpRun) -> CallFacts:
    """The facts that a real run shows."""
    given, outputs = tensors_in((run.args, run.kwargs)), flat_outputs(run.out)
    memory = [_memory(out, given) for out in outputs]
    own = [i for i, one in enumerate(memory) if one is not None and one.base is None]
    for i in own:
        others = [j for j in own if same_storage(outputs[i], outputs[j])]
        if len(others) > 1:
            memory[i] = replace(memory[i], group=others[0])  # type: ignore[type-var]
    share = any(same_storage(one, other) for i, one in enumerate(given) for other in given[:i])
    return CallFacts(kernel, tuple(run.written), tuple(memory), share)


def _memory(out: Any, given: list[torch.Tensor]) -> Memory | None:
    if not isinstance(out, torch.Tensor) or out.layout is not torch.strided or out.is_quantized:
        return None
    base = next((i for i, t in enumerate(given) if same_storage(t, out)), None)
    start = 0 if base is None else given[base].storage_offset()
    of_base = () if base is None else given[base].stride()
    room = out.untyped_storage().nbytes() // out.element_size()
    return Memory(base, out.storage_offset() - start, out.stride(), of_base, out.is_conj(), out.is_neg(), room)


def undeclared(func: Any, run: OpRun) -> Iterator[str]:
    """What a real run shows that the schema does not say, as text."""
    names = list(_tensor_names(func, run))
    for position in run.written:
        yield f"it writes to its argument `{names[position]}`, which its schema does not declare"
    declared = [str(result.type) for result in func._schema.returns]
    if run.returned is tuple and len(declared) == 1 and declared[0].startswith("List["):
        yield "it returns a tuple, and its schema declares a list"


def _tensor_names(func: Any, run: OpRun) -> Iterator[str]:
    """The name of the argument of each tensor among the arguments."""
    arguments = func._schema.arguments
    for position, value in enumerate(run.args):
        yield from (arguments[position].name for _ in tensors_in(value))
    for name, value in run.kwargs.items():
        yield from (name for _ in tensors_in(value))
