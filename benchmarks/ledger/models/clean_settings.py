"""Nothing wrong: options by keyword, texts and enumerations that no tensor knows of, warnings that never come."""

import enum
import warnings

import torch


class Kind(enum.Enum):
    MEAN = "mean"
    MAX = "max"


class Pool(torch.nn.Module):
    def forward(self, x, *, kind="mean", names=("a", "b")):
        if len(names) != x.shape[1]:
            warnings.warn(f"{len(names)} names for {x.shape[1]} columns", stacklevel=2)
        table = {name: x[:, index] for index, name in enumerate(sorted(names))}
        pooled = {name: part.mean() if Kind(kind) is Kind.MEAN else part.max() for name, part in table.items()}
        return {**pooled, "kind": kind}


def build():
    return Pool(), (torch.ones(3, 2),), {"kind": "max"}
