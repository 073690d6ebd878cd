"""What a fake kernel can read of a call, and what the real run of a call with the same signature returned.

One real run for each signature is enough: a model that calls an operator in each of its layers would otherwise be
computed as a whole. The program asserts after every call what the trace takes from the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from torchdraft._torch.script_objects import FakeScriptObject
from torchdraft._torch.symbolic.fake import FakeTensorMode, same_storage
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

from .fresh_symbols import expression

if TYPE_CHECKING:
    from torchdraft._tape.evaluation.evaluate import OpRun

    from .op_call import OpCall


class Observed(NamedTuple):
    """What a real run returned: tensors without data, in the structure of the outputs."""

    outputs: Any
    difference: str
    """How the fake kernel's outputs differ from these; empty where it raised."""


class ObservedRuns:
    """The real runs of one trace whose outputs stand for those of every call with the same signature."""

    def __init__(self) -> None:
        self._runs: dict[Any, Observed] = {}

    def of(self, signature: Any) -> Observed | None:
        """What a call with this signature returned."""
        return self._runs.get(signature)

    def note(self, signature: Any, run: OpRun, difference: str) -> None:
        """Keeps the outputs of a run, if all that the trace takes from them is what the program asserts: the values of
        numbers, the sizes of sparse tensors and shared memory belong to their own call.
        """
        leaves = [leaf for leaf in flat_outputs(run.out) if leaf is not None]
        given = tensors_in((run.args, run.kwargs))
        if all(isinstance(leaf, torch.Tensor) and leaf.layout is torch.strided for leaf in leaves) and not any(
            same_storage(leaf, other) for index, leaf in enumerate(leaves) for other in (*given, *leaves[:index])
        ):
            self._runs[signature] = Observed(_without_data(run.out, FakeTensorMode()), difference)


def _without_data(out: Any, mode: FakeTensorMode) -> Any:
    if isinstance(out, torch.Tensor):
        return mode.from_tensor(out.detach())
    if isinstance(out, (list, tuple)):
        return type(out)([_without_data(each, mode) for each in out])
    return out


def signature_of(call: OpCall) -> Any:
    """What a fake kernel can read of a call, as a hashable value whose comparison adds no guard."""
    tensors = tensors_in((call.args, call.kwargs))
    shared = tuple(
        next(first for first in range(index + 1) if first == index or same_storage(tensors[first], tensor))
        for index, tensor in enumerate(tensors)
    )
    return (call.func, _metadata(call.args), _metadata(call.kwargs), shared)


def _metadata(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        read = (value.dtype, value.device, value.layout, value.is_conj(), value.is_neg())
        sizes = tuple(_metadata(s) for s in value.shape)
        if value.layout is not torch.strided:
            return (*read, sizes)
        return (*read, sizes, *map(_metadata, (value.stride(), value.storage_offset())))
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return expression(value)
    if isinstance(value, (list, tuple)):
        return tuple(_metadata(v) for v in value)
    if isinstance(value, FakeScriptObject):
        return id(value)
    if isinstance(value, dict):
        return tuple((k, _metadata(v)) for k, v in value.items())
    return (type(value), value) if value.__hash__ is not None else (type(value), id(value))
