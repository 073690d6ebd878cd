"""Packed sequences: the lengths decide which rows are packed, so they are read once and asserted."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.dispatch import outside_modes

from ..registry import SymbolicTrace, host_read

_IN_CPP = "torch's kernels read the lengths in C++, where fake tensors have no data."


@host_read("_pack_padded_sequence", "_pack_padded_sequence.default", asserted=False, why=_IN_CPP)
def pack_padded_sequence(trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
    """`(input [T, B, ...] or [B, T, ...], falling lengths [B], batch_first)` → `(data [sum, ...], batch sizes)`."""
    given = dict(zip(("input", "lengths", "batch_first"), args, strict=False)) | kwargs
    data = given["input"].transpose(0, 1) if given["batch_first"] else given["input"]
    lengths = read_integers(trace, given["lengths"], "pack_padded_sequence")
    sizes = [sum(length > step for length in lengths) for step in range(max(lengths))]
    rows = [data[step, :size] for step, size in enumerate(sizes)]
    return torch.cat(rows), torch.tensor(sizes, dtype=torch.int64)


@host_read("_pad_packed_sequence", "_pad_packed_sequence.default", asserted=False, why=_IN_CPP)
def pad_packed_sequence(trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
    """`(data [sum, ...], batch sizes [T], batch_first, padding value, total length)` → `(padded, lengths [B])`."""
    names = ("data", "batch_sizes", "batch_first", "padding_value", "total_length")
    given = dict(zip(names, args, strict=False)) | kwargs
    data = given["data"]
    sizes = read_integers(trace, given["batch_sizes"], "pad_packed_sequence")
    total = given.get("total_length", -1)
    steps = len(sizes) if total is None or int(total) <= 0 else int(total)
    rows, offset = [], 0
    for size in sizes:
        row = data[offset : offset + size]
        offset += size
        if size < sizes[0]:
            padding = data.new_full((sizes[0] - size, *data.shape[1:]), given["padding_value"])
            row = torch.cat([row, padding])
        rows.append(row)
    rows.extend(data.new_full((sizes[0], *data.shape[1:]), given["padding_value"]) for _ in range(steps - len(sizes)))
    padded = torch.stack(rows)
    lengths = torch.tensor([sum(size > b for size in sizes) for b in range(sizes[0])], dtype=torch.int64)
    return padded.transpose(0, 1) if given["batch_first"] else padded, lengths


def read_integers(trace: SymbolicTrace, tensor: Any, read: str) -> list[int]:
    """The numbers in an integer tensor, asserted unless the tensor is a constant of the program."""
    if type(tensor) is torch.Tensor:
        with outside_modes():
            return [int(n) for n in tensor.tolist()]
    real = trace.value(tensor, read)
    with outside_modes():
        return [int(n) for n in real.tolist()]
