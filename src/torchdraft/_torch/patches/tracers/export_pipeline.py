"""Runs torch's export pipeline with the patches of the EXPORT scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import torch

from torchdraft._torch.exporters.export import fake_mode_adopted
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import EXPORT
from torchdraft._torch.probe import need

_export: Any = need("torch.export._trace:_export")
_traced_nodes: Any = getattr(need("torch.fx.experimental.proxy_tensor"), "_FAKE_TENSOR_ID_TO_PROXY_MAP_FOR_EXPORT", {})
"""The last trace's nodes by fake tensor, which upstream leaves in a global until the next trace."""


def export(
    mod: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    mode: Any | None,
    any_unbacked: Callable[[], bool] = lambda: True,
    **options: Any,
) -> torch.export.ExportedProgram:
    """`torch.export._trace._export` with `mode` as the fake mode; None leaves the fake mode to upstream.

    `any_unbacked` says whether the trace created an unbacked symbol. `options` are those of `_export`.
    """
    with ExitStack() as stack:
        stack.enter_context(applied(EXPORT, any_unbacked=any_unbacked, strict=bool(options.get("strict"))))
        if mode is not None:
            stack.enter_context(fake_mode_adopted(mode))
        stack.callback(_traced_nodes.clear)
        return _export(mod, args, dict(kwargs), **options)
