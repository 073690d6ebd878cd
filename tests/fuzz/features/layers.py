"""Layers with an implementation of their own for inference, and gradients that `forward` computes."""

from __future__ import annotations

from ..builder import Builder, is_float, is_matrix
from .registry import feature


def is_sequence(value: object) -> bool:
    """A batch of sequences of small vectors."""
    return is_float(value) and value.dim() == 3 and value.shape[-1] <= 8  # type: ignore[attr-defined]


@feature("encoder_layer", weight=2, picks=(is_sequence,))
def encoder_layer(b: Builder, one: str) -> str | None:
    """A transformer's encoder, which takes its fast path where no gradient is needed."""
    width, out = b.value(one).shape[-1], b.new()
    layers = b.rng.choice([1, 2])
    encoder = b.attribute(
        f"encoder{width}",
        f"self.encoder{width} = nn.TransformerEncoder(nn.TransformerEncoderLayer({width}, 1, 8, batch_first=True), "
        f"{layers}, enable_nested_tensor=False).eval()",
    )
    call = f"{out} = {encoder}({one})"
    return b.one_of(call, f"with torch.no_grad():\n    {call}", f"{out} = {encoder}({one}.detach())")


@feature("force", weight=1.5, picks=(is_matrix,))
def force(b: Builder, one: str) -> str | None:
    """A gradient of an energy, through operators that save their output for the backward pass."""
    position, energy, out = b.new(), b.new(), b.new()
    made = b.one_of(
        f"{position}.exp().sum()",
        f"({position}.softmax(-1) ** 2).sum()",
        f"(F.layer_norm({position}, {position}.shape[-1:]) * {position}.detach()).sum()",
        f"({position} ** 2 + 1).sqrt().sum()",
        f"({position}.tanh() * {position}.sigmoid()).sum()",
        f"({position}.norm(dim=-1) + 1).log().sum()",
        f"{position}.relu().pow(3).sum()",
    )
    return (
        f"{position} = {one}.detach().clone().requires_grad_()\n"
        f"with torch.enable_grad():\n    {energy} = {made}\n"
        f"{out} = torch.autograd.grad({energy}, {position})[0]"
    )
