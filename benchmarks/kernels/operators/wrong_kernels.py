"""Fake kernels that are wrong: on the example, or on other inputs only."""

from __future__ import annotations

import torch

from ..case import case, define, rows

like = torch.empty_like
UP, DOWN = rows(), rows(scale=-1.0)


def fresh(x, *, low=0, most=None):
    count = torch.library.get_ctx().new_dynamic_size(min=low)
    if most is not None:
        torch._check(count <= most)
    return x.new_empty(count, 4)


def raising(x):
    raise ValueError("no such thing")


def contiguous(r):
    return r + 1 if r.is_contiguous() else r + 2


op = define("constant_size(Tensor x) -> Tensor", lambda x: x * 2, lambda x: x.new_empty(3, 4))
case("the fake kernel names the example's size", lambda x: op(x).sum(0), UP, rows(5), dynamic=True)

grows = define(
    "grows(Tensor x) -> Tensor", lambda x: torch.cat([x, x]), lambda x: x.new_empty(x.shape[0] + 3, x.shape[1])
)
case(
    "a size grows otherwise",
    lambda x: grows(x) + torch.ones(grows(x).shape[0], 4),
    UP,
    rows(5),
    rows(2),
    dynamic=True,
)
case("a size grows otherwise, returned", lambda x: grows(x), UP, rows(5), rows(2), dynamic=True)
case(
    "a size grows otherwise, in Python",
    lambda x: x.sum() * grows(x).shape[0],
    UP,
    rows(5),
    rows(2),
    dynamic=True,
)

positive = define("positive(Tensor x) -> Tensor", lambda x: x[x[:, 0] > 0], like)
MIXED = torch.tensor([[1.0, 2.0], [-1.0, 1.0], [3.0, 1.0]])
case("a size depends on data", lambda x: positive(x).shape[0] + x, UP, MIXED.repeat(1, 2), DOWN)
case("a size depends on data, broadcast", lambda x: positive(x) + x[:1], UP, MIXED.repeat(1, 2))

dtype = define("dtype(Tensor x) -> Tensor", lambda x: x * 1 if x.sum() > 0 else x.double(), like)
case("the dtype depends on data", lambda x: dtype(x) + 1, UP, DOWN)
case("the dtype depends on data, asked", lambda x: x + (1 if dtype(x).dtype == torch.float32 else 2), UP, DOWN)

strides = define("strides(Tensor x) -> Tensor", lambda x: x * 1 if x.sum() > 0 else (x.t() * 1).contiguous().t(), like)
case("strides depend on data, asked", lambda x: contiguous(strides(x)), UP, DOWN)
case("strides depend on data, viewed", lambda x: strides(x).view(-1), UP, refused=(DOWN,))
case("strides depend on data, as_strided", lambda x: strides(x).as_strided((2, 2), (4, 1)), UP, DOWN)
case("strides depend on data, used", lambda x: strides(x) @ x.t(), UP, DOWN)

rank = define("rank(Tensor x) -> Tensor", lambda x: x * 1 if x.sum() > 0 else x[None] * 1, like)
case("the rank depends on data", lambda x: rank(x) + 1, UP, DOWN)

layout = define("layout(Tensor x) -> Tensor", lambda x: x * 1 if x.sum() > 0 else x.to_sparse(), like)
case("the layout depends on data", lambda x: layout(x) + 1, UP, DOWN)

some = define(
    "some(Tensor x) -> (Tensor, Tensor?)",
    lambda x: (x + 1, None if x.sum() < 0 else x + 2),
    lambda x: (like(x), like(x)),
)
case("an output is None for other data", lambda x: some(x)[0] if some(x)[1] is None else some(x)[1], UP, DOWN)

several = define(
    "several(Tensor x) -> Tensor[]",
    lambda x: list((x + 1).unbind(0)) if x.sum() > 0 else [x[0], x[1]],
    lambda x: list(like(x).unbind(0)),
)
case("a list is shorter for other data", lambda x: torch.stack(several(x)).sum(0), UP, DOWN)

number = define("number(Tensor x) -> SymInt", lambda x: int((x > 0).sum()), lambda x: 12)
case("the fake kernel returns the example's number", lambda x: x + number(x), UP, DOWN)
case("a number of the fake kernel in a branch", lambda x: x + 1 if number(x) > 2 else x - 1, UP, DOWN)

wide = define("wide(Tensor x) -> Tensor", lambda x: x.double(), like)
case("a dtype is wrong on the example", lambda x: wide(x) + 1, UP, DOWN, codes="TD302")

order = define("order(Tensor x) -> Tensor", lambda x: (x.t() + 1).contiguous().t(), like)
case("strides are wrong on the example", lambda x: contiguous(order(x)), UP, rows(5), codes="TD302", dynamic=True)

many = define("many(Tensor x) -> Tensor[]", lambda x: [x, x + 1, x + 2], lambda x: [like(x), like(x)])
case("a list is too short on the example", lambda x: sum(many(x)) + len(many(x)), UP, DOWN, codes="TD302")

low = define("low(Tensor x) -> Tensor", lambda x: x[x[:, 0] > 0], lambda x: fresh(x, low=20))
case("a size has a wrong minimum", lambda x: x + 1 if low(x).shape[0] < 9 else x, UP, DOWN, codes="TD302")

most = define("most(Tensor x) -> Tensor", lambda x: x[x[:, 0] > 0], lambda x: fresh(x, most=3))
case("a size has a maximum that others exceed", lambda x: most(x).sum(0), UP, rows(5), dynamic=True)

bad = define("bad(Tensor x) -> Tensor", lambda x: x * 2, raising)
case("the fake kernel raises", lambda x: bad(x) + 1, UP, rows(5), codes="TD302", dynamic=True)
