"""The exporters that are compared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

import torchdraft

EXPORTERS: dict[str, Callable[..., Any]] = {
    "ours-all": partial(torchdraft.draft_export, paths="all"),
    "ours": torchdraft.draft_export,
    "export": partial(torch.export.export, strict=False),
    "strict": partial(torch.export.export, strict=True),
    "draft": torch.export.draft_export,
}
"""By the names on the command line."""

OURS = ("ours-all", "ours")

TITLES = {
    "ours-all": 'torchdraft, paths="all"',
    "ours": "torchdraft",
    "export": "torch.export.export, strict=False",
    "strict": "torch.export.export, strict=True",
    "draft": "torch.export.draft_export",
}
