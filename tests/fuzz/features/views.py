"""Views and aliases."""

from __future__ import annotations

from ..builder import Builder, is_float, is_matrix, is_tensor
from .registry import feature


@feature("view", weight=2, picks=(is_float,))
def view(b: Builder, one: str) -> str | None:
    form = b.one_of(
        "view(-1)",
        "reshape(-1)",
        "flatten()",
        "unsqueeze(0)",
        "unsqueeze(-1)",
        "squeeze()",
        "view_as(" + one + ")",
        "movedim(0, -1)",
        "contiguous()",
        "detach()",
    )
    return f"{b.new()} = {one}.{form}"


@feature("view_sizes", picks=(is_matrix,))
def view_sizes(b: Builder, one: str) -> str | None:
    rows, columns = b.value(one).shape
    form = b.one_of(
        f"view({columns}, {rows})",
        f"reshape({one}.shape[1], {one}.shape[0])",
        f"view({one}.size(0), -1, 1)",
        f"reshape(-1, {columns})",
        f"view({one}.shape[0] * {columns})",
    )
    return f"{b.new()} = {one}.{form}"


@feature("transpose", weight=1.5, picks=(is_matrix,))
def transpose(b: Builder, one: str) -> str | None:
    return f"{b.new()} = {one}." + b.one_of("t()", "transpose(0, 1)", "permute(1, 0)", "mT")


@feature("slice", weight=2, picks=(is_float,))
def slice_(b: Builder, one: str) -> str | None:
    form = b.one_of(
        f"{one}[1:]",
        f"{one}[:-1]",
        f"{one}[::2]",
        f"{one}[..., :2]",
        f"{one}[:, 1:]",
        f"{one}[:{one}.shape[0] // 2]",
        f"{one}.narrow(0, 0, 2)",
        f"{one}[{one}.shape[0] - 2:]",
    )
    return f"{b.new()} = {form}"


@feature("select", weight=1.5, picks=(is_float,))
def select(b: Builder, one: str) -> str | None:
    return f"{b.new()} = {one}" + b.one_of("[0]", "[-1]", ".select(0, 1)", "[..., 0]", "[None, 0]", "[[0, 1]]")


@feature("expand", picks=(is_float,))
def expand(b: Builder, one: str) -> str | None:
    form = b.one_of(
        f"{one}.unsqueeze(0).expand(2, *{one}.shape)",
        f"{one}.expand_as({one})",
        f"{one}[:1].expand({one}.shape)",
        f"torch.broadcast_to({one}, (2, *{one}.shape))",
    )
    return f"{b.new()} = {form}"


@feature("chunk", picks=(is_float,))
def chunk(b: Builder, one: str) -> str | None:
    first, second = b.new(), b.new()
    return b.one_of(
        f"{first}, {second} = {one}.chunk(2, -1)",
        f"{first}, {second}, *_ = {one}.unbind(0)",
        f"{first}, *{second} = {one}.split(2)\n{second} = len({second})",
        f"{first}, {second} = torch.tensor_split({one}, 2)",
        f"{first}, {second} = {one}.split([1, {one}.shape[0] - 1])",
    )


@feature("as_strided", weight=0.7)
def as_strided(b: Builder) -> str | None:
    one = b.pick(lambda v: is_float(v) and v.numel() >= 4)
    if one is None:
        return None
    return f"{b.new()} = " + b.one_of(
        f"{one}.contiguous().as_strided((2, 2), (1, 1))",
        f"torch.as_strided({one}, (2,), (1,), {one}.storage_offset())",
        f"{one}.unfold(0, 2, 1)",
        f"{one}.diagonal() if {one}.dim() > 1 else {one}.view(-1)",
    )


@feature("alias", picks=(is_tensor,))
def alias(b: Builder, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(
        f"{one}", f"{one}.view_as({one})", f"{one}[:] if {one}.dim() else {one}", f"{one}.data"
    )
