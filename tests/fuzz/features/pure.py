"""Plain computation without anything that is hard to export."""

from __future__ import annotations

from ..builder import Builder, is_float, is_integer, is_mask, is_matrix, is_number, is_tensor
from .registry import feature


@feature("arithmetic", weight=4, picks=(is_float, is_float))
def arithmetic(b: Builder, one: str, two: str) -> str | None:
    form = b.one_of(
        f"{one} * {b.number()} + {b.number()}",
        f"torch.tanh({one})",
        f"{one}.relu() + {one}.sigmoid()",
        f"{one} + {two}",
        f"{one} * {two}",
        f"torch.maximum({one}, {two})",
        f"F.gelu({one})",
        f"{one}.softmax(-1)",
        f"F.layer_norm({one}, {one}.shape[-1:])",
        f"{one} - {one}.mean(0)",
        f"torch.where({one} > 0, {one}, {one} * 0.1)",
        f"{one}.clamp(-1, 1)",
    )
    return f"{b.new()} = {form}"


@feature("reduction", weight=2, picks=(is_float,))
def reduction(b: Builder, one: str) -> str | None:
    form = b.one_of("mean(0)", "sum(-1) * 0.25", "amax(0)", "abs().sum()", "mean()", "cumsum(0)", "sort(-1).values")
    return f"{b.new()} = {one}.{form}"


@feature("indices", weight=2, picks=(is_float,))
def indices(b: Builder, one: str) -> str | None:
    form = b.one_of(
        f"{one}.argmax(-1)",
        f"{one}.argsort(0)",
        f"({one} * 2).long()",
        f"({one} > 0).long()",
        f"({one} > 0).sum()",
        f"{one}.topk(1, -1).indices",
        f"torch.arange({one}.shape[0])",
    )
    return f"{b.new()} = {form}"


@feature("masks", weight=1.5, picks=(is_float,))
def masks(b: Builder, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(f"{one} > 0", f"{one}.abs() < 0.8", f"{one}[..., 0] > 0", f"~({one} > 0.3)")


@feature("linear", weight=2)
def linear(b: Builder) -> str | None:
    one = b.pick(lambda v: is_float(v) and v.shape[-1] <= 16)
    if one is None:
        return None
    width = b.value(one).shape[-1]
    out = b.rng.randint(2, 6)
    layer = b.attribute(f"lin{width}x{out}", f"self.lin{width}x{out} = nn.Linear({width}, {out})")
    return f"{b.new()} = {layer}({one})"


@feature("matmul", picks=(is_matrix,))
def matmul(b: Builder, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(f"({one} @ {one}.t()).tanh()", f"torch.einsum('ij,ik->jk', {one}, {one}).tanh()")


@feature("join", picks=(is_float, is_float))
def join(b: Builder, one: str, two: str) -> str | None:
    form = b.one_of(
        f"torch.cat([{one}, {two}])", f"torch.stack([{one}, {two}], -1)", f"torch.cat([{one}, {one} * 2], -1)"
    )
    return f"{b.new()} = {form}"


@feature("gather", picks=(is_float, is_integer))
def gather(b: Builder, one: str, index: str) -> str | None:
    form = b.one_of(
        f"{one}[{index} % {one}.shape[0]]",
        f"{one}.index_select(0, {index}.reshape(-1) % {one}.shape[0])",
        f"F.one_hot({index} % 3, 3).float()",
        f"F.embedding({index} % {one}.shape[0], {one})",
    )
    return f"{b.new()} = {form}"


@feature("cast", picks=(is_tensor,))
def cast(b: Builder, one: str) -> str | None:
    return f"{b.new()} = {one}." + b.one_of(
        "float()", "to(torch.float32)", "type_as(torch.ones(1))", "double().float()"
    )


@feature("where_mask", picks=(is_float, is_mask))
def where_mask(b: Builder, one: str, mask: str) -> str | None:
    return f"{b.new()} = " + b.one_of(f"torch.where({mask}, {one}, -{one})", f"{one}.masked_fill({mask}, 0.5)")


@feature("scalar_arithmetic", picks=(is_float, is_number))
def scalar_arithmetic(b: Builder, one: str, number: str) -> str | None:
    return f"{b.new()} = " + b.one_of(
        f"({one} * {number}).tanh()", f"({one} + {number}) * 0.5", f"{one} / (1 + abs({number}))"
    )


@feature("image", weight=0.5)
def image(b: Builder) -> str | None:
    one = b.pick(lambda v: is_float(v) and v.dim() == 3)
    if one is None:
        return None
    channels = b.value(one).shape[-2]
    conv = b.attribute(f"conv{channels}", f"self.conv{channels} = nn.Conv1d({channels}, 3, 3, padding=1)")
    return f"{b.new()} = " + b.one_of(
        f"{conv}({one})", f"F.adaptive_avg_pool1d({one}, 2)", f"F.interpolate({one}, scale_factor=2)"
    )
