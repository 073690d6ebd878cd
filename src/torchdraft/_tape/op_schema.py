"""Aliasing, writes and randomness of operators, read from their schemas once per operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.symbolic.fake import OpOverload


@dataclass(frozen=True, slots=True)
class OpSignature:
    """The properties of an operator that the tape needs."""

    writes: tuple[int | str, ...]
    """The arguments that the op writes to: positions, or names of keyword-only arguments."""
    may_alias: bool
    """An output may share storage with an argument."""
    is_view: bool
    """The op is a plain view: its first output aliases its first argument."""
    changes_metadata: bool
    """The op changes the sizes or strides of its first argument (`transpose_`, `resize_`)."""
    random: bool
    """The op draws random numbers."""
    builtin: bool
    """The op is one of torch, so its schema can be trusted."""
    moves: bool = False
    """The op makes its first argument an alias of its second (`set_`)."""


_KNOWN: dict[Any, OpSignature] = {}
_SAFE = OpSignature((), True, False, False, False, True)


def signature_of(func: Any) -> OpSignature:
    """The properties of `func`. An operator without a schema (a higher-order one) may alias and writes nothing."""
    found = _KNOWN.get(func)
    if found is None:
        found = _KNOWN[func] = _read(func) if isinstance(func, OpOverload) else _SAFE
    return found


def _read(func: OpOverload) -> OpSignature:
    schema = func._schema
    writes: list[int | str] = []
    for position, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            writes.append(argument.name if argument.kwarg_only else position)
    written = bool(writes)
    aliased = any(r.alias_info is not None for r in schema.returns)
    changes_metadata = torch.Tag.inplace_view in func.tags
    moves = str(func) == "aten.set_.source_Tensor"
    if moves or (changes_metadata and not schema.name.startswith(("aten::resize", "aten::set_"))):
        writes = []  # `transpose_` and similar ops do not change the data
    namespace = func.namespace
    builtin = namespace in ("aten", "prim", "prims")
    return OpSignature(
        writes=tuple(writes),
        may_alias=aliased or not builtin,
        is_view=aliased and not written,
        changes_metadata=changes_metadata,
        random=torch.Tag.nondeterministic_seeded in func.tags,
        builtin=builtin,
        moves=moves,
    )
