"""The profiles of the calls in a finished program, with what real runs of these calls showed about their outputs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.custom_ops.infer import written_arguments
from torchdraft._torch.graph.values import graph_modules
from torchdraft._torch.library import TensorMetadata
from torchdraft._torch.symbolic.fake import same_storage
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

from .op_profile import ANY, OneOf, OpProfile, OutputMetadata, Value, merged_profiles

if TYPE_CHECKING:
    from torchdraft._draft.custom_ops.op_call import OpCall
    from torchdraft._tape.evaluation.evaluate import OpRun

NUMBERS: Mapping[type, type] = {torch.SymInt: int, torch.SymFloat: float, torch.SymBool: bool}
_AS_TEXT = (torch.dtype, torch.device, torch.layout, torch.memory_format)


class RunsObserved:
    """What the real runs of one trace showed: operator and arguments → its outputs, each as in a profile."""

    def __init__(self) -> None:
        self._outputs: dict[Any, list[Any]] = {}

    def note(self, call: OpCall, run: OpRun) -> None:
        """Keeps how the outputs of a run lie in memory, what they share, and the numbers among them."""
        key = (str(call.func), argument_key(call.func, call.args, call.kwargs))
        given = bound_arguments(call.func, run.args, run.kwargs)
        written = written_arguments(call.func, run.args, run.kwargs)
        own = written if len(written) == len(flat_outputs(run.out)) else [None] * len(flat_outputs(run.out))
        leaves = flat_outputs(run.out)
        before_it = [[(f"output {i}", leaf) for i, leaf in enumerate(leaves[:end])] for end in range(len(leaves))]
        seen = [
            _observed(leaf, [] if w is not None else [*given.items(), *earlier])
            for leaf, w, earlier in zip(leaves, own, before_it, strict=True)
        ]
        before = self._outputs.get(key)
        if before is None:
            self._outputs[key] = seen
        elif len(before) == len(seen):
            self._outputs[key] = [_both(one, other) for one, other in zip(before, seen, strict=True)]

    def of(self, op: str, key: Any) -> list[Any]:
        """The outputs of the runs with these arguments; empty where there was none."""
        return self._outputs.get((op, key), [])


def _observed(leaf: Any, others: list[tuple[str, Any]]) -> Any:
    if isinstance(leaf, torch.Tensor):
        return replace(_laid_out(leaf), shares=_shared(leaf, others))
    return Value(type(leaf), (leaf,)) if isinstance(leaf, (bool, int, float, str)) else None


def _shared(leaf: torch.Tensor, others: list[tuple[str, Any]]) -> str:
    """The argument or the earlier output that an output is, or is a view of."""
    for name, value in others:
        for tensor in tensors_in(value):
            if same_storage(leaf, tensor):
                return name if tensor is value and _geometry(leaf) == _geometry(tensor) else f"view of {name}"
    return ""


def _geometry(tensor: torch.Tensor) -> tuple[Any, ...]:
    return (tensor.dtype, tensor.shape, tensor.stride(), tensor.storage_offset())


def _laid_out(real: torch.Tensor) -> OutputMetadata:
    """How a real tensor lies in memory. Dimensions of size 1 have the stride that they would have if it were dense."""
    metadata = (real.dim(), real.dtype, real.device, real.layout)
    if real.layout is not torch.strided or real.is_contiguous():
        return OutputMetadata(*metadata)
    order = sorted(range(real.dim()), key=lambda d: (real.stride(d), -d))
    gaps, expanded = [], []
    dense = 1
    for dim in order:
        if real.shape[dim] > 1 and real.stride(dim) == 0:
            expanded.append(dim)
            continue
        if real.shape[dim] > 1 and real.stride(dim) != dense:
            gaps.append(dim)
            dense = real.stride(dim)
        dense *= real.shape[dim]
    return OutputMetadata(*metadata, stride_order=tuple(order), gaps=tuple(gaps), expanded=tuple(expanded))


def _both(one: Any, other: Any) -> Any:
    """What two runs with the same key have in common: every stride is free where they differ in the strides."""
    if one == other:
        return one
    if isinstance(one, Value) and isinstance(other, Value):
        return Value(one.kind, tuple(dict.fromkeys((*one.values, *other.values))))
    if not isinstance(one, OutputMetadata) or not isinstance(other, OutputMetadata) or one.rank != other.rank:
        return None
    order = tuple(reversed(range(one.rank)))
    shares = one.shares if one.shares == other.shares else ""
    return replace(one, stride_order=order, gaps=order, expanded=(), shares=shares)


def profiles_of(program: torch.export.ExportedProgram, ops: Collection[str], runs: RunsObserved) -> dict[str, set[Any]]:
    """Operator → the profiles of its calls in the program."""
    found: defaultdict[str, set[Any]] = defaultdict(set)
    for node in _calls(program, ops) if ops else ():
        values = torch.fx.map_arg((node.args, node.kwargs), lambda n: n.meta.get("val"))
        arguments = tuple(_metadata(a) for a in (*values[0], *values[1].values()))
        key = argument_key(node.target, *values)
        outputs = iter(runs.of(str(node.target), key))
        out = _output(node.meta.get("val"), outputs)
        said = _is_said_by(node.target, arguments, values, key)
        found[str(node.target)].add(OpProfile(arguments, out, None if said else key))
    return {op: merged_profiles(profiles) for op, profiles in found.items()}


def _calls(program: torch.export.ExportedProgram, ops: Collection[str]) -> Iterator[torch.fx.Node]:
    for module in graph_modules(program.graph_module):
        yield from (n for n in module.graph.nodes if n.op == "call_function" and str(n.target) in ops)


def _is_said_by(op: Any, arguments: tuple[Any, ...], values: Any, key: tuple[tuple[str, Any], ...]) -> bool:
    """Whether torch's list of the arguments' metadata is all that the key says: tensors, in their places, and None."""
    simple = all(str(argument.type) in _SIMPLE for argument in op._schema.arguments)
    told = [value for _, value in key if isinstance(value, TensorMetadata)]
    return simple and not values[1] and told == [each for each in arguments if each is not None]


_SIMPLE = ("Tensor", "Optional[Tensor]", "float", "Optional[float]")
"""Types of arguments about which a profile says nothing beside their metadata."""


def _metadata(value: Any) -> Any:
    return TensorMetadata.maybe_from_tensor(value)


def _output(value: Any, observed: Iterator[Any]) -> Any:
    """The profile of an output: `value` is what the node of the program returns."""
    if isinstance(value, (list, tuple)):
        return tuple(_output(v, observed) for v in value)
    seen = next(observed, None)
    if isinstance(value, torch.Tensor):
        if isinstance(seen, OutputMetadata) and seen.rank == value.dim():
            bare = (value.dim(), value.dtype, value.device, value.layout)
            return OutputMetadata(*bare, seen.stride_order, seen.gaps, seen.expanded, seen.sizes, seen.shares).plain()
        return _metadata(value)
    if value is None:
        return None
    kind = NUMBERS.get(type(value), type(value))
    return seen if isinstance(seen, Value) and type(value) not in NUMBERS else kind


def bound_arguments(op: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """Name → what a call gives for it, or its default."""
    bound = {}
    for position, argument in enumerate(op._schema.arguments):
        if position < len(args):
            bound[argument.name] = args[position]
        elif argument.name in kwargs:
            bound[argument.name] = kwargs[argument.name]
        elif argument.has_default_value():
            bound[argument.name] = argument.default_value
    return bound


def argument_key(op: Any, args: Any, kwargs: Any) -> tuple[tuple[str, Any], ...]:
    """What tells calls of an operator apart: the metadata of its tensors, and its numbers, strings and dtypes."""
    return tuple((name, _key(value)) for name, value in bound_arguments(op, args, kwargs).items())


def _key(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, torch.Tensor):
        return _metadata(value)
    if isinstance(value, (list, tuple)):
        if any(isinstance(each, torch.Tensor) for each in value):
            return tuple(_key(each) for each in value)
        return OneOf((tuple(value),)) if all(type(each) in _PLAIN for each in value) else ANY
    if isinstance(value, _AS_TEXT):
        return OneOf((str(value),))
    return OneOf((value,)) if type(value) in _PLAIN else ANY


_PLAIN = (bool, int, str)
"""Classes of values that may decide the rank or the dtype of an output. A float scales something."""
