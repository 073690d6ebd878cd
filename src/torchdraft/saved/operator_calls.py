"""`torchdraft::call`: a call of a custom operator that checks what a program was made for.

A program cannot compare the texts, numbers, lists and aliases that an operator returns: a later trace (decomposition,
another export) takes what the operator's fake kernel says as given. This operator runs the other one, compares its
results with a description, and returns tensors of its own alone, so that every later trace keeps it as it is.
Its fake kernel follows the description, and needs no fake kernel of the other operator.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from torchdraft._torch.dispatch import below_autograd_if_traced

SCHEMA = "call(str description, Tensor[] tensors, SymInt[] numbers) -> Tensor[]"

_library = torch.library.Library("torchdraft", "FRAGMENT")
_library.define(SCHEMA)
CALL: Any = torch.ops.torchdraft.call.default

DENSE = -1
"""In the place of a stride: the product of the sizes of the dimensions that come after in memory."""


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor that the operator returns."""

    dtype: str
    device: str
    layout: str
    sizes: tuple[int | None, ...]
    """Per dimension: the position of the expected size in `numbers`, or None where any size is right."""
    example: tuple[int, ...] = ()
    """The sizes on the example of a tensor whose sizes cannot be symbols."""
    order: tuple[int, ...] | None = None
    """The dimensions from the slowest to the fastest in memory; None where it is contiguous."""
    memory: str = "any"
    """`any`: it may share memory. `own`: it must share none with an argument or an earlier output. `view`: it has to be
    the view of an argument that `base`, `strides` and `offset` describe. `part`: so of one of `storages`, the memory
    that several outputs share."""
    base: int = 0
    strides: tuple[int | None, ...] | None = None
    """The positions of the expected strides in `numbers`, or `DENSE`; None where all are right."""
    offset: int | None = None
    conjugated: bool | None = None
    negated: bool | None = None


@dataclass(slots=True)
class Description:
    """A call: the operator, its arguments, and what it has to return.

    Arguments and results are nested lists of plain values, and objects `{"tensor": i}`, `{"number": i}`, `{"dtype": …}`
    and the like. A result `{"tensor": i}` is `outputs[i]`, `{"number": i}` has to equal `numbers[i]`, and `{"any": …}`
    is a number that is returned as a tensor.
    """

    op: str
    args: Any
    kwargs: Any
    result: Any
    outputs: list[Output] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)
    """The tensors that the operator writes to. It writes to copies, which are returned."""
    storages: list[tuple[str, str, int]] = field(default_factory=list)
    """Dtype, device and number of elements of each memory that several outputs share. A copy of each is returned."""

    def text(self) -> str:
        """The description as the first argument of `torchdraft::call`."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Description:
        """The description in a program."""
        data = json.loads(text)
        data["outputs"] = [Output(**{k: _tuple(v) for k, v in output.items()}) for output in data["outputs"]]
        data["storages"] = [tuple(storage) for storage in data["storages"]]
        return cls(**data)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_NAMED = {torch.dtype: "dtype", torch.device: "device", torch.layout: "layout", torch.memory_format: "memory_format"}


def encoded(value: Any) -> Any:
    """A plain argument or result as JSON data. Raises `TypeError` for a value that has no such form."""
    if isinstance(value, (list, tuple)):
        return [encoded(v) for v in value]
    name = _NAMED.get(type(value))
    if name is not None:
        return {name: str(value).removeprefix("torch.")}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(f"no form in a program for {type(value).__name__}")


def _decoded(data: Any, tensors: Sequence[Any], numbers: Sequence[Any]) -> Any:
    if isinstance(data, list):
        return [_decoded(d, tensors, numbers) for d in data]
    if not isinstance(data, dict):
        return data
    ((kind, value),) = data.items()
    if kind in ("tensor", "number"):
        return (tensors if kind == "tensor" else numbers)[value]
    if kind == "complex":
        return complex(*value)
    return torch.device(value) if kind == "device" else getattr(torch, value)


class OtherResult(RuntimeError):
    """An operator returned something else than the program was made for."""


def _run(text: str, tensors: list[torch.Tensor], numbers: list[int]) -> list[torch.Tensor]:
    """The real kernel: runs the operator, checks its results, and returns copies of what shares memory."""
    call = Description.of(text)
    _refuse_shared_writes(call, tensors)
    given = [t.clone() if i in call.writes else t for i, t in enumerate(tensors)]
    args = _decoded(call.args, given, numbers)
    real = _operator(call.op)(*args, **_kwargs(call, given, numbers))
    run = _Results(call, given, numbers)
    found = [tensor for expected, value in _leaves(call, call.result, real) for tensor in run.checked(expected, value)]
    storages = [_whole(call, i, tensor) for i, tensor in sorted(run.parts.items())]
    return [*found, *storages, *(given[i] for i in call.writes), torch.ones((), dtype=torch.bool)]


def _refuse_shared_writes(call: Description, tensors: list[torch.Tensor]) -> None:
    """Raises where an argument that the operator writes to shares memory with another one: copies would not."""
    for i in call.writes:
        if any(_shared(tensors[i], other) for j, other in enumerate(tensors) if j != i):
            raise OtherResult(
                f"torchdraft: {call.op} writes to an argument that shares memory with another one, and this program "
                "was made for arguments that share none"
            )


def _kwargs(call: Description, tensors: Any, numbers: Any) -> dict[str, Any]:
    return {name: _decoded(value, tensors, numbers) for name, value in call.kwargs.items()}


def _operator(name: str) -> Any:
    namespace, _, rest = name.partition("::")
    base, _, overload = rest.partition(".")
    return getattr(getattr(getattr(torch.ops, namespace), base), overload or "default")


def called_operator(node: torch.fx.Node) -> str:
    """The name of the operator that a node calls (`mylib.foo.default`), by itself or through `torchdraft::call`."""
    return str(node.target if node.target is not CALL else _operator(Description.of(str(node.args[0])).op))


def _leaves(call: Description, expected: Any, real: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(expected, list):
        if not isinstance(real, (list, tuple)) or len(real) != len(expected):
            got = f"{len(real)} results" if isinstance(real, (list, tuple)) else _shown(real)
            raise _other(call, got, f"{len(expected)} results")
        for one, other in zip(expected, real, strict=True):
            yield from _leaves(call, one, other)
    else:
        yield expected, real


class _Results:
    """The results of one run, compared with the description in their order."""

    def __init__(self, call: Description, given: list[Any], numbers: Sequence[int]) -> None:
        self.call = call
        self.given = given
        self.numbers = numbers
        self.earlier: list[torch.Tensor] = []
        self.parts: dict[int, torch.Tensor] = {}
        """The first result with each of the shared memories."""

    def checked(self, expected: Any, real: Any) -> list[torch.Tensor]:
        """The tensors to return for one result: none for a constant."""
        if not isinstance(expected, dict) or not expected.keys() & {"tensor", "number", "any", "written"}:
            wanted = _decoded(expected, (), ())
            if type(real) is not type(wanted) or not _equal(real, wanted):
                raise _other(self.call, _shown(real), _shown(wanted))
            return []
        ((kind, value),) = expected.items()
        if kind == "number" and real != self.numbers[value]:
            raise _other(self.call, _shown(real), _shown(self.numbers[value]))
        if kind == "any" and type(real) is not int:
            raise _other(self.call, _shown(real), "an int")
        if kind == "any":
            return [torch.tensor(real)]
        return [self._tensor(self.call.outputs[value], real)] if kind == "tensor" else []

    def _tensor(self, wanted: Output, real: Any) -> torch.Tensor:
        """One output tensor, checked; a copy where it shares memory."""
        if not isinstance(real, torch.Tensor):
            raise _other(self.call, _shown(real), "a tensor")
        for name in ("dtype", "device", "layout"):
            got = str(getattr(real, name)).removeprefix("torch.")
            if got != getattr(wanted, name):
                raise _other(self.call, f"{name} {got}", f"{name} {getattr(wanted, name)}")
        self._check_shape(wanted, real)
        if real.layout is torch.strided:
            self._check_layout(wanted, real)
            self._check_memory(wanted, real)
        shares = any(_shared(real, other) for other in (*self.given, *self.earlier))
        self.earlier.append(real)
        return real.clone() if shares else real

    def _check_shape(self, wanted: Output, real: torch.Tensor) -> None:
        sizes = [s if at is None else self.numbers[at] for s, at in zip(real.shape, wanted.sizes, strict=False)]
        known = not wanted.example or tuple(real.shape) == wanted.example
        if real.dim() != len(wanted.sizes) or list(real.shape) != sizes or not known:
            shape: list[Any] = list(wanted.example) or [
                "?" if at is None else int(self.numbers[at]) for at in wanted.sizes
            ]
            raise _other(self.call, f"the shape {list(real.shape)}", str(shape).replace("'", ""))

    def _check_layout(self, wanted: Output, real: torch.Tensor) -> None:
        if wanted.strides is not None:
            strides = self._strides(wanted, real)
            if any(size > 1 and got != one for size, got, one in zip(real.shape, real.stride(), strides, strict=True)):
                raise _other(self.call, f"the strides {list(real.stride())}", f"{strides}")
        for name, got, one in (
            ("conjugate", real.is_conj(), wanted.conjugated),
            ("negative", real.is_neg(), wanted.negated),
        ):
            if one is not None and got != one:
                raise _other(self.call, f"a tensor whose {name} bit is {got}", f"{one}")

    def _strides(self, wanted: Output, real: torch.Tensor) -> list[int]:
        """The strides that a tensor of these sizes must have."""
        assert wanted.strides is not None
        strides = list(real.stride())
        step = 1
        for dim in reversed(wanted.order or range(real.dim())):
            at = wanted.strides[dim]
            if at is not None:
                strides[dim] = step if at == DENSE else self.numbers[at]
            step = strides[dim] * real.shape[dim]
        return strides

    def _check_memory(self, wanted: Output, real: torch.Tensor) -> None:
        start = real.storage_offset()
        if wanted.memory == "view":
            start -= self.given[wanted.base].storage_offset()
            if not _shared(real, self.given[wanted.base]):
                raise _other(self.call, "a tensor with memory of its own", "a view of an argument")
        elif wanted.memory == "part":
            if not _shared(real, self.parts.setdefault(wanted.base, real)):
                raise _other(self.call, "results that share no memory", "results that do")
        elif wanted.memory == "own" and any(_shared(real, other) for other in (*self.given, *self.earlier)):
            raise _other(self.call, "a tensor that shares memory", "a tensor with memory of its own")
        if wanted.offset is not None and start != wanted.offset:
            raise _other(self.call, f"the storage offset {start}", f"{wanted.offset}")


RELATIVE, ABSOLUTE = 1.3e-6, 1e-5
"""How far a float may be from the one on the example: other hardware rounds otherwise."""


def _equal(real: Any, wanted: Any) -> bool:
    if isinstance(real, float) and not (math.isnan(real) and math.isnan(wanted)):
        return math.isclose(real, wanted, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(real == wanted or real != real)


def _whole(call: Description, place: int, part: torch.Tensor) -> torch.Tensor:
    """A copy of the memory that several results share, without dimensions of its own."""
    count = part.untyped_storage().nbytes() // part.element_size()
    if count != call.storages[place][2]:
        raise _other(call, f"results that share {count} elements", f"{call.storages[place][2]}")
    return part.as_strided((count,), (1,), 0).clone()


def _shared(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.layout is not torch.strided or other.layout is not torch.strided:
        return False
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr() and one.numel() > 0


def _shown(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return "a tensor"
    return f"{len(value)} results" if isinstance(value, (list, tuple)) else repr(value)


def _other(call: Description, got: str, wanted: str) -> OtherResult:
    return OtherResult(
        f"torchdraft: {call.op} returned {got}, and this program was made for {wanted}, which it returned on the "
        "example"
    )


def _fake(text: str, tensors: list[torch.Tensor], numbers: list[int]) -> list[torch.Tensor]:
    """The fake kernel: outputs as described. Sizes that are not among the numbers are unbacked."""
    call = Description.of(text)
    found = [_fake_leaf(call, leaf, numbers) for leaf in _described(call.result)]
    storages = [torch.empty(n, dtype=getattr(torch, dtype), device=device) for dtype, device, n in call.storages]
    copies = [torch.empty_like(tensors[i]) for i in call.writes]
    return [*found, *storages, *copies, torch.empty((), dtype=torch.bool)]


def _described(result: Any) -> Iterator[Any]:
    if isinstance(result, list):
        for each in result:
            yield from _described(each)
    elif isinstance(result, dict) and result.keys() & {"tensor", "any"}:
        yield result


def _fake_leaf(call: Description, leaf: Any, numbers: list[int]) -> torch.Tensor:
    if "any" in leaf:
        return torch.empty((), dtype=torch.int64)
    wanted = call.outputs[leaf["tensor"]]
    options: Any = {"dtype": getattr(torch, wanted.dtype), "device": wanted.device}
    if wanted.layout != "strided":
        return torch.empty(wanted.example, layout=getattr(torch, wanted.layout), **options)
    fresh = torch.library.get_ctx().new_dynamic_size
    sizes = [fresh() if at is None else numbers[at] for at in wanted.sizes]
    if wanted.order is None:
        return torch.empty(sizes, **options)
    strides: list[Any] = [0] * len(sizes)
    step: Any = 1
    for dim in reversed(wanted.order):
        strides[dim], step = step, step * sizes[dim]
    return torch.empty_strided(sizes, strides, **options)


def _autograd(text: str, tensors: list[torch.Tensor], numbers: list[int]) -> list[torch.Tensor]:
    """Lets the operator compute its own gradient. A trace sees one operation."""
    with below_autograd_if_traced(tensors) as traced:
        return CALL(text, tensors, numbers) if traced else _run(text, tensors, numbers)


_library.impl("call", _run, "CompositeExplicitAutograd")
_library.impl("call", _autograd, "Autograd")
torch.library.register_fake("torchdraft::call", _fake, lib=_library)
torch.fx.node.has_side_effect(CALL)
