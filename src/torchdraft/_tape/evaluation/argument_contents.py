"""Finds out to which arguments a kernel wrote although the operator's schema does not say so."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._tape.tape import Record
from torchdraft._torch.tensors.nested import tensors_in
from torchdraft._torch.tensors.storage import lazy_copy, share_lazily, shares_lazily

MOST_ELEMENTS = 1 << 26
"""Elements of an argument of which a copy is made at once, where no copy-on-write copy is possible."""


class ArgumentContents:
    """The contents of the tensor arguments before a call, except for those that the schema declares to be written.

    They are copy-on-write copies where torch has them. An argument that still shares the memory of its copy after the
    call was not written to, so that no weight is copied or compared for a kernel that only reads.
    """

    def __init__(self, record: Record, args: Any, kwargs: Any) -> None:
        self._given = tensors_in((args, kwargs))
        declared = {id(operand) for operand in record.writes}
        operands = record.operands[: len(self._given)]
        roots = {id(operand.handle.cell) for operand in record.writes}
        self._before = [
            None if id(operand) in declared or id(operand.handle.cell) in roots else _copy(tensor)
            for operand, tensor in zip(operands, self._given, strict=False)
        ]

    @property
    def shared(self) -> list[torch.Tensor]:
        """The arguments that share their memory with a copy."""
        pairs = zip(self._given, self._before, strict=False)
        return [given for given, before in pairs if before is not None and shares_lazily(given)]

    def changed(self) -> tuple[int, ...]:
        """The positions of the arguments whose content is another one now."""
        pairs = enumerate(zip(self._given, self._before, strict=False))
        return tuple(i for i, (now, before) in pairs if before is not None and not _same(now, before))

    def release(self) -> None:
        """Drops the copies: while one is alive, it shares the memory of the user's tensor."""
        self._given, self._before = [], []


def _copy(tensor: torch.Tensor) -> torch.Tensor | None:
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested or not tensor.numel():
        return None
    copy = lazy_copy(tensor)
    if copy is None and tensor.numel() <= MOST_ELEMENTS:
        copy = tensor.detach().clone()
    return copy


def _same(now: torch.Tensor, before: torch.Tensor) -> bool:
    if now.shape != before.shape:
        return False
    if share_lazily(now, before):
        return True
    return bool(((now == before) | ((now != now) & (before != before))).all())
