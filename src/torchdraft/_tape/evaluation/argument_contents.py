"""Finds out to which arguments a kernel wrote although the operator's schema does not say so."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._tape.tape import Record
from torchdraft._torch.tensors.nested import tensors_in

MOST_ELEMENTS = 1 << 26
"""Elements of an argument of which a copy is made, to be compared after the call."""


class ArgumentContents:
    """The contents of the tensor arguments before a call, except for those that the schema declares to be written."""

    def __init__(self, record: Record, args: Any, kwargs: Any) -> None:
        self._given = tensors_in((args, kwargs))
        declared = {id(operand) for operand in record.writes}
        operands = record.operands[: len(self._given)]
        roots = {id(operand.handle.cell) for operand in record.writes}
        self._before = [
            None if id(operand) in declared or id(operand.handle.cell) in roots else _copy(tensor)
            for operand, tensor in zip(operands, self._given, strict=False)
        ]

    def changed(self) -> tuple[int, ...]:
        """The positions of the arguments whose content is another one now."""
        pairs = enumerate(zip(self._given, self._before, strict=False))
        return tuple(i for i, (now, before) in pairs if before is not None and not _same(now, before))


def _copy(tensor: torch.Tensor) -> torch.Tensor | None:
    plain = tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_nested
    return tensor.detach().clone() if plain and 0 < tensor.numel() <= MOST_ELEMENTS else None


def _same(now: torch.Tensor, before: torch.Tensor) -> bool:
    if now.shape != before.shape:
        return False
    return bool(((now == before) | ((now != now) & (before != before))).all())
