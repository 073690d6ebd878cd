"""No issue is reported for what plain export handles soundly: operations on the rows that a mask selects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import torchdraft

Operation = Callable[[Any, Tensor, Tensor], Any]


def in_a_try(rows: Tensor, mask: Tensor) -> Tensor:
    try:
        return F.normalize(rows).sum(0) + rows.t().contiguous().sum(1) + mask.sum()
    except RuntimeError as error:
        raise ValueError("rows that do not fit") from error


OPERATIONS: dict[str, Operation] = {
    "squeeze": lambda _, rows, __: rows[:, :1].squeeze(1),
    "squeeze again": lambda _, rows, __: rows[..., None].squeeze(-1).squeeze(1),
    "expand": lambda _, rows, __: rows.unsqueeze(1).expand(-1, 2, -1),
    "repeat": lambda _, rows, __: rows.repeat(2, 1),
    "cat": lambda _, rows, mask: torch.cat([rows, mask[:, None].expand(-1, 3)]),
    "stack": lambda _, rows, __: torch.stack([rows, rows * 2]),
    "matmul": lambda _, rows, __: rows @ rows.t(),
    "pairs": lambda _, rows, __: rows[:, None] - rows[None],
    "softmax": lambda _, rows, __: rows.softmax(0),
    "mean": lambda _, rows, __: rows.mean(0),
    "max": lambda _, rows, __: rows.max(),
    "sort": lambda _, rows, __: rows.sort(0).values,
    "cumsum": lambda _, rows, __: rows.cumsum(0),
    "linear": lambda model, rows, __: model.linear(rows),
    "norm": lambda model, rows, __: model.norm(rows),
    "convolution": lambda model, rows, __: model.convolution(rows[None].transpose(1, 2)),
    "attention": lambda model, rows, __: model.attention(rows[None], rows[None], rows[None])[0],
    "embedding": lambda model, _, mask: model.embedding(mask.nonzero().squeeze(1)),
    "gather": lambda _, rows, __: rows.gather(1, torch.zeros_like(rows, dtype=torch.long)),
    "index_add": lambda _, rows, mask: torch.zeros(4, 3).index_add(0, mask.nonzero()[:, 0], rows),
    "view": lambda _, rows, __: rows.view(rows.shape[0], 3, 1),
    "flatten": lambda _, rows, __: rows.flatten(),
    "transpose": lambda _, rows, __: rows.t().contiguous(),
    "chunk": lambda _, rows, __: rows.chunk(3, 1),
    "slice": lambda _, rows, __: (rows[1:], rows[:2], rows[::2]),
    "first and last": lambda _, rows, __: (rows[0], rows[-1]),
    "flip": lambda _, rows, __: rows.flip(0),
    "pad": lambda _, rows, __: F.pad(rows, (0, 0, 1, 1)),
    "where": lambda _, rows, __: torch.where(rows > 0.5, rows, 0.0),
    "indices": lambda _, __, mask: torch.where(mask)[0] * 2,
    "einsum": lambda _, rows, __: torch.einsum("ij,kj->ik", rows, rows),
    "dot product attention": lambda _, rows, __: F.scaled_dot_product_attention(rows[None], rows[None], rows[None]),
    "made of the size": lambda _, rows, __: (torch.arange(len(rows.shape)), torch.zeros(rows.shape[0], 2)),
    "one_hot": lambda _, __, mask: F.one_hot(mask.nonzero()[:, 0], 4),
    "unique": lambda _, rows, __: torch.unique((rows * 3).long(), return_inverse=True, return_counts=True),
    "divided by the size": lambda _, rows, __: rows.sum() / rows.shape[0],
    "loss": lambda _, rows, __: F.cross_entropy(rows, torch.zeros(rows.shape[0], dtype=torch.long)),
    "interpolate": lambda _, rows, __: F.interpolate(rows[:, None, :], scale_factor=2.0),
    "pool": lambda _, rows, __: F.avg_pool1d(rows[:, None, :], 3),
    "dropout": lambda _, rows, __: F.dropout(rows, 0.1, True),
    "in place": lambda _, rows, __: rows.clamp_(0, 1),
    "kept of the kept": lambda model, rows, __: model.linear(rows)[rows[:, 0] > 0.2].sum(0),
    "in a try": lambda _, rows, mask: in_a_try(rows, mask),
}


class OnKeptRows(nn.Module):
    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self.operation = operation
        self.linear, self.norm, self.convolution = nn.Linear(3, 3), nn.LayerNorm(3), nn.Conv1d(3, 3, 3, padding=1)
        self.embedding, self.attention = nn.Embedding(10, 3), nn.MultiheadAttention(3, 1, batch_first=True)

    def forward(self, x, mask):
        return self.operation(self, x[mask], mask)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_on_an_unknown_number_of_rows(name):
    x, mask = torch.rand(4, 3), torch.tensor([True, False, True, True])
    report = torchdraft.draft_export(OnKeptRows(OPERATIONS[name]).eval(), (x, mask))._report
    assert report.issues == ()
    assert report.rung == "symbolic"
