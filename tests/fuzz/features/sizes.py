"""Sizes that are computed from values."""

from __future__ import annotations

from ..builder import Builder, is_count, is_float, is_integer, is_mask
from .registry import feature


def count_expression(b: Builder) -> str | None:
    """A small Python int read from a tensor."""
    number, index, one = b.pick(is_count), b.pick(is_integer), b.pick(is_float)
    if number is not None and b.rng.random() < 0.4:
        return number
    if one is None:
        return None
    forms = [
        f"int(({one} > 0).sum())",
        f"int({one}.abs().max()) + 1",
        f"int({one}.abs().sum().item()) % 3 + 1",
        f"({one}.reshape(-1)[:3] > 0).sum().item()",
    ]
    if index is not None:
        forms += [f"int({index}.max()) % 4 + 1", f"{index}.reshape(-1)[0].item() % 3"]
    return b.one_of(*forms)


@feature("slice_by_value", weight=2)
def slice_by_value(b: Builder) -> str | None:
    count, one = count_expression(b), b.pick(is_float)
    if count is None or one is None:
        return None
    return f"{b.new()} = " + b.one_of(
        f"{one}[:{count}]",
        f"{one}[{count}:]",
        f"{one}.narrow(0, 0, min({count}, {one}.shape[0]))",
        f"{one}.reshape(-1)[:{count}].sum()",
        f"{one}[..., :{count}]",
    )


@feature("size_from_value", weight=2)
def size_from_value(b: Builder) -> str | None:
    count, one = count_expression(b), b.pick(is_float)
    if count is None or one is None:
        return None
    return f"{b.new()} = " + b.one_of(
        f"torch.arange({count})",
        f"torch.zeros({count}, 2) + {one}.mean()",
        f"torch.full(({count},), 0.5)",
        f"{one}[:1].expand({count}, *{one}.shape[1:])",
        f"{one}.new_ones({count}).cumsum(0)",
        f"torch.linspace(0, 1, {count} + 1)",
        f"F.pad({one}, (0, {count}))",
        f"{one}.repeat({count}, *[1] * ({one}.dim() - 1))",
    )


@feature("nonzero", weight=1.5)
def nonzero(b: Builder) -> str | None:
    one, mask = b.pick(is_float), b.pick(is_mask)
    if one is None:
        return None
    test = mask or f"({one} > 0)"
    return f"{b.new()} = " + b.one_of(
        f"{test}.nonzero()",
        f"{one}[({one} > 0).nonzero(as_tuple=True)]",
        f"torch.argwhere({test}).float().sum(0)",
        f"{test}.nonzero().shape[0]",
        f"torch.where({one} > 0)[0]",
    )


@feature("masked", weight=1.5)
def masked(b: Builder) -> str | None:
    one, mask = b.pick(is_float), b.pick(is_mask)
    if one is None:
        return None
    test = mask if mask is not None and b.rng.random() < 0.6 else f"{one} > 0"
    return f"{b.new()} = " + b.one_of(
        f"{one}[{test}]",
        f"torch.masked_select({one}, {test})",
        f"{one}[{test}].sum()",
        f"{one}[{test}].shape[0]",
        f"{one}[{one}.reshape({one}.shape[0], -1).sum(1) > 0]",
        f"torch.cat([{one}[{test}].reshape(-1), torch.zeros(1)]).mean()",
    )


@feature("unique", picks=(is_integer, is_float))
def unique(b: Builder, index: str, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(
        f"torch.unique({index})",
        f"torch.unique({index}, return_counts=True)[1]",
        f"torch.unique({index}.reshape(-1) % 3, return_inverse=True)[1].float()",
        f"torch.unique({index}).numel()",
        f"torch.bincount({index}.reshape(-1) % 5)",
        f"F.one_hot({index} % 4).sum(0)",
    )


@feature("repeat_interleave")
def repeat_interleave(b: Builder) -> str | None:
    index, one = b.pick(lambda v: is_integer(v) and v.dim() == 1), b.pick(is_float)
    if index is None or one is None:
        return None
    return f"{b.new()} = " + b.one_of(
        f"torch.repeat_interleave({index} % 3)",
        f"{one}[:1].repeat_interleave(int({index}.sum()) % 4, 0)",
        f"torch.repeat_interleave({one}[:2], {index}[:2] % 3, dim=0)",
    )


@feature("split_by_value")
def split_by_value(b: Builder) -> str | None:
    index, one = b.pick(lambda v: is_integer(v) and v.dim() == 1), b.pick(is_float)
    if one is None:
        return None
    out = b.new()
    cut = f"int({one}.abs().sum()) % {one}.shape[0]"
    forms = [
        f"{out} = {cut}\n{b.new()} = [part.sum() for part in {one}.split([{out}, {one}.shape[0] - {out}])][0]",
        f"{out} = torch.tensor_split({one}, torch.tensor([1]))[0]",
    ]
    if index is not None:
        forms.append(f"{out} = torch.tensor_split({one}, {index}[:1] % 3)[0].sum(0)")
        forms.append(f"{out} = torch.cat([{one}[:1]] * (int({index}[0]) % 3 + 1))")
    return b.one_of(*forms)


@feature("scatter_size", weight=0.7)
def scatter_size(b: Builder) -> str | None:
    index = b.pick(lambda v: is_integer(v) and v.dim() == 1)
    if index is None:
        return None
    out = b.new()
    return (
        f"{out} = torch.zeros(int(({index} % 6).max()) + 1)\n"
        f"{out} = {out}.scatter_add(0, {index} % 6, torch.ones({index}.shape[0]))"
    )


@feature("packed", weight=0.4)
def packed(b: Builder) -> str | None:
    one = b.pick(lambda v: is_float(v) and v.dim() == 3 and v.shape[1] > 1)
    if one is None:
        return None
    out = b.new()
    lengths = f"({one}[:, :, 0] > 0).sum(1).clamp(min=1)"
    return (
        f"{out} = nn.utils.rnn.pack_padded_sequence({one}, {lengths}, batch_first=True, enforce_sorted=False)\n"
        f"{out} = nn.utils.rnn.pad_packed_sequence({out}, batch_first=True)[0]"
    )
