"""What an operator's schema says about aliasing, writes and randomness, read once per operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.fake import OpOverload


@dataclass(frozen=True, slots=True)
class OpSignature:
    """The facts of a schema the tape needs."""

    writes: tuple[int | str, ...]
    """Arguments written in place: a position, or a name for keyword-only ones."""
    may_alias: bool
    """An output may share storage with an argument."""
    is_view: bool
    """The op is a plain view: its first output looks at its first argument."""
    changes_metadata: bool
    """Changes its first argument's sizes or strides (`transpose_`, `resize_`)."""
    random: bool
    builtin: bool
    moves: bool = False
    """Makes its first argument another look at the memory of its second (`set_`)."""


_KNOWN: dict[Any, OpSignature] = {}
_SAFE = OpSignature((), True, False, False, False, True)


def signature_of(func: Any) -> OpSignature:
    """The aliasing facts of `func`; operators without a schema (higher-order ones) may alias and write nothing."""
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
        writes = []  # `transpose_` and its like leave the data alone
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
