"""Python reads the data of a tensor and computes with it."""

from __future__ import annotations

from ..builder import Builder, is_float, is_integer, is_scalar, is_tensor
from .registry import feature


def scalar_expression(b: Builder) -> str | None:
    """A tensor expression of one element."""
    scalar, one = b.pick(is_scalar), b.pick(is_float)
    if scalar is not None and b.rng.random() < 0.4:
        return scalar
    if one is None:
        return None
    return b.one_of(
        f"{one}.sum()", f"{one}.mean()", f"{one}.abs().max()", f"{one}.reshape(-1)[0]", f"({one} > 0).sum()"
    )


@feature("item", weight=3)
def item(b: Builder) -> str | None:
    value = scalar_expression(b)
    return None if value is None else f"{b.new()} = {value}.item()"


@feature("float_read")
def float_read(b: Builder) -> str | None:
    value, one = scalar_expression(b), b.pick(is_float)
    return None if value is None or one is None else f"{b.new()} = {one} * float({value}) * 0.1"


@feature("int_read", weight=1.5)
def int_read(b: Builder) -> str | None:
    value = scalar_expression(b)
    return (
        None
        if value is None
        else f"{b.new()} = " + b.one_of(f"int({value})", f"round({value}.item())", f"int({value}) % 3")
    )


@feature("bool_read")
def bool_read(b: Builder) -> str | None:
    value, one = scalar_expression(b), b.pick(is_float)
    if value is None or one is None:
        return None
    return f"{b.new()} = " + b.one_of(
        f"{one} + 1 if bool({value} > 0.5) else {one} - 1",
        f"{one} * (2 if ({one} > 0).any() else 3)",
        f"{one} * (2 if ({one} > -9).all() and {value} != 0 else 3)",
        f"{one} if not ({value} < 0) else -{one}",
    )


@feature("tolist", weight=2)
def tolist(b: Builder) -> str | None:
    one, index = b.pick(is_float), b.pick(is_integer)
    if one is None:
        return None
    out = b.new()
    forms = [
        f"{out} = {one} * sum({one}.reshape(-1)[:3].tolist()) * 0.1",
        f"{out} = torch.stack([{one} * k for k in {one}.reshape(-1)[:2].tolist()])",
        f"{out} = max({one}.reshape(-1)[:4].tolist())",
    ]
    if index is not None:
        forms += [
            f"{out} = torch.stack([{one}[k % 2] for k in {index}.reshape(-1)[:3].tolist()])",
            f"{out} = sum(k % 4 for k in {index}.reshape(-1).tolist())",
            f"{out} = {one}[[k % 2 for k in {index}.reshape(-1).tolist()]]",
        ]
    return b.one_of(*forms)


@feature("index_protocol")
def index_protocol(b: Builder) -> str | None:
    index, one = b.pick(lambda v: is_scalar(v) and is_integer(v)), b.pick(is_float)
    if one is None:
        return None
    value = f"({one} > 0).sum()" if index is None else index
    return f"{b.new()} = " + b.one_of(
        f"{one} * [1.0, 2.0, 3.0][{value} % 3]",
        f"{one} + sum(range({value} % 4))",
        f"{one}[{value} % 2]",
        f"{one} * len(list(range({value} % 5)))",
    )


@feature("numpy", weight=1.5, picks=(is_float,))
def numpy(b: Builder, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(
        f"torch.from_numpy({one}.detach().numpy() * 2)",
        f"torch.as_tensor(np.tanh({one}.detach().numpy()))",
        f"{one} * float(np.asarray({one}.detach()).max())",
        f"torch.tensor(np.sort({one}.detach().cpu().numpy(), axis=0))",
        f"{one} + torch.from_numpy(np.cumsum({one}.detach().numpy(), 0)).float()",
    )


@feature("text")
def text(b: Builder) -> str | None:
    value, one = scalar_expression(b), b.pick(is_float)
    if value is None or one is None:
        return None
    return f"{b.new()} = " + b.one_of(
        f"{one} * float(f'{{{value}:.2f}}') * 0.1",
        f"{one} * (1 + len(f'{{{one}.shape}}') % 3)",
        f"{one} + (1 if '-' in str({value}.item()) else 2)",
        f"{one} * (len(repr({value})) % 5)",
        f"{one} + (1 if f'{{{value}}}'.startswith('-') else 0)",
    )


@feature("iterate", weight=1.5)
def iterate(b: Builder) -> str | None:
    one, index = b.pick(is_float), b.pick(is_integer)
    if one is None:
        return None
    out = b.new()
    forms = [
        f"{out} = sum(row.sum() * k for k, row in enumerate({one}))",
        f"{out} = torch.stack([row * 2 for row in {one}])",
        f"{out} = {one} * 1.0\nfor row in {out}:\n    row.add_(0.5)",
        f"{out} = 0\nfor place in ({one}.reshape(-1)[:4] > 0).nonzero():\n    {out} = {out} + {one}.reshape(-1)[place]",
    ]
    if index is not None:
        forms.append(f"{out} = 0\nfor k in {index}.reshape(-1)[:3]:\n    {out} = {out} + {one}[int(k) % 2]")
    return b.one_of(*forms)


@feature("equal_close", picks=(is_float, is_float))
def equal_close(b: Builder, one: str, two: str) -> str | None:
    test = b.one_of(
        f"torch.equal({one}, {two})",
        f"torch.allclose({one}, {one}.abs())",
        f"torch.equal({one}.sign(), {one}.abs().sign())",
        f"torch.allclose({one}, {two}, atol=1.0)" if b.value(one).shape == b.value(two).shape else f"{one} is {two}",
    )
    return f"{b.new()} = {one} + 1 if {test} else {one} * 0.5"


@feature("tensor_of_tensors")
def tensor_of_tensors(b: Builder) -> str | None:
    value, other = scalar_expression(b), scalar_expression(b)
    if value is None or other is None:
        return None
    return f"{b.new()} = " + b.one_of(
        f"torch.tensor([{value}, {other}], dtype=torch.float32)",
        f"torch.tensor([{value}.item(), {other}.item(), 1.0])",
        f"torch.tensor([[{value}], [{other}]], dtype=torch.float32) * 0.5",
        f"torch.tensor({value}.item())",
        f"torch.as_tensor([float({value}), 2.0])",
    )


@feature("deepcopy", weight=0.7, picks=(is_tensor,))
def deepcopy(b: Builder, one: str) -> str | None:
    return f"{b.new()} = copy.deepcopy({one}.detach()) * 2" if b.rng.random() < 0.7 else f"{b.new()} = copy.copy({one})"
