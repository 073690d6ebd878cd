"""Patches of `torch.nn.TransformerEncoder`, whose fast path in eager returns something else than the traced path."""

from __future__ import annotations

import functools
from typing import Any

import torch

from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import TRACE


@patches(
    "torch.nn:TransformerEncoder.forward",
    scope=TRACE,
    why="In eager evaluation a padded batch becomes a nested tensor, and the outputs at padded positions are zero. "
    "Under a trace or a function mode the encoder computes them like the others.",
    upstream="torch.nn.TransformerEncoder.forward: why_not_sparsity_fast_path",
)
def padded_outputs_as_in_eager(original: Any) -> Any:
    """Gives the outputs at padded positions the values of the fast path, where eager takes it."""

    @functools.wraps(original)
    def forward(
        self: Any, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: Any = None
    ) -> torch.Tensor:
        out: torch.Tensor = original(self, src, mask, src_key_padding_mask, is_causal)
        if mask is not None or src_key_padding_mask is None or not _takes_nested_tensors(self, src):
            return out
        valid = src_key_padding_mask.logical_not()
        padded = valid.logical_not()
        if getattr(self, "mask_check", True):  # eager takes the fast path if the padding is at the end of each row
            after_padding = padded.cumsum(1) > 0  # of the same size as the mask: a shorter slice would need a guard
            padded = padded & (after_padding == padded).all()
        fill = torch.zeros_like(out)
        return torch.where(padded.unsqueeze(-1), fill if self.norm is None else self.norm(fill), out)

    return forward


def _takes_nested_tensors(encoder: Any, src: torch.Tensor) -> bool:
    """Whether eager converts a padded input into a nested tensor, as far as that does not depend on the mask."""
    first = encoder.layers[0]
    if not torch.backends.mha.get_fastpath_enabled() or not getattr(encoder, "use_nested_tensor", False):
        return False
    if first.training or src.dim() != 3 or src.is_nested or torch.is_autocast_enabled():
        return False
    if encoder.norm is not None and not isinstance(encoder.norm, (torch.nn.LayerNorm, torch.nn.RMSNorm)):
        return False
    return not (torch.is_grad_enabled() and (src.requires_grad or any(p.requires_grad for p in first.parameters())))
