"""Operators with wrong fake kernels, each wrong in one way, with the expected text of the report."""

from collections import Counter

import torch

CALLS: Counter[str] = Counter()
LIB = torch.library.Library("td_liars", "DEF")
OPS = torch.ops.td_liars
LIARS = {}
"""Models by name, with the expected reason of TD302."""
HONEST = {}


def op(name, real, fake, says=None, schema="(Tensor x) -> Tensor", use=lambda r, x: r + 1):
    def counted(*args):
        CALLS[name] += 1
        return real(*args)

    LIB.define(name + schema)
    LIB.impl(name, counted, "CPU")
    torch.library.register_fake(f"td_liars::{name}", fake, lib=LIB)
    overload = getattr(OPS, name)

    def model(x):
        return use(overload(x), x)

    if says is None:
        HONEST[name] = model
    else:
        LIARS[name] = (model, says)


like = torch.empty_like


def rows(minimum=0, most=None):
    def fake(x):
        count = torch.library.get_ctx().new_dynamic_size(min=minimum)
        if most is not None:
            torch._check(count <= most)
        return x.new_empty(count, x.dim(), dtype=torch.int64)

    return fake


def nonzero(x):
    return torch.nonzero(x > 0).contiguous()


def raising(x):
    torch.library.get_ctx().new_dynamic_size()
    raise ValueError("no such thing")


def sized(r, x):
    return r + torch.ones(r.shape)


def contiguous(r, x):
    return r + 1 if r.is_contiguous() else r + 2


def second(r, x):
    return r[0] if r[1] is None else r[1] + 5


op("right", lambda x: x * 2, like)
op("right_rows", nonzero, rows())
op("right_list", lambda x: [x + 1, x + 2], lambda x: [like(x), like(x)], None, "(Tensor x) -> Tensor[]", use=second)
op(
    "right_none",
    lambda x: (x + 1, None),
    lambda x: (like(x), None),
    None,
    "(Tensor x) -> (Tensor, Tensor?)",
    use=second,
)
op("right_offset", lambda x: (x + 1).flatten()[3:], lambda x: x.new_empty(x.numel() - 3))
op("right_view", lambda x: x[1:], lambda x: x[1:], None, "(Tensor(a) x) -> Tensor(a)")
op("right_number", lambda x: x.shape[0] + 1, lambda x: x.shape[0] + 1, None, "(Tensor x) -> SymInt", lambda r, x: x + r)

op("rows_minimum", nonzero, rows(minimum=20), "a size from 20 to int_oo, really 9")
op("rows_most", nonzero, rows(most=3), "a size from 0 to 3, really 9")
op("dtype", lambda x: x.double(), like, "dtype float32, really float64")
op("device", lambda x: x * 2, lambda x: torch.empty(x.shape, device="cuda"), "device cuda:0, really cpu")
op("rank", lambda x: x.sum(0), like, "rank 2, really 1")
op("size", lambda x: torch.cat([x, x]), like, "shape [3, 4], really [6, 4]", use=sized)
op("stride_order", lambda x: (x.t() + 1).contiguous().t(), like, "strides [4, 1], really [1, 3]", use=contiguous)
op(
    "density",
    lambda x: torch.cat([x, x], 1)[:, ::2],
    lambda x: x.new_empty(x.shape),
    "strides [4, 1], really [8, 2]",
    use=contiguous,
)
op(
    "number_of_outputs",
    lambda x: [x, x + 1, x + 2],
    lambda x: [like(x), like(x)],
    "2 outputs, really 3",
    "(Tensor x) -> Tensor[]",
    use=lambda r, x: sum(r) + len(r),
)
op("none", lambda x: x + 1, lambda x: None, "None, really a tensor")
op(
    "one_none",
    lambda x: (x + 1, x + 2),
    lambda x: (like(x), None),
    "output 1: None, really a tensor",
    "(Tensor x) -> (Tensor, Tensor?)",
    use=second,
)
op(
    "not_none",
    lambda x: (x + 1, None),
    lambda x: (like(x), like(x)),
    "output 1: a tensor, really None",
    "(Tensor x) -> (Tensor, Tensor?)",
    use=second,
)
op("alias", lambda x: x + 1, lambda x: x, "the output shares memory with tensor argument 0, really it does not")
op(
    "not_alias",
    lambda x: x,
    like,
    "the output has memory of its own, really it shares that of tensor argument 0",
)
op(
    "one_twice",
    lambda x: (x := x + 1, x),
    lambda x: (like(x), like(x)),
    "outputs 0 and 1 do not share memory, really they do",
    "(Tensor x) -> (Tensor, Tensor)",
    use=lambda r, x: r[0] + r[1],
)
op(
    "a_number",
    lambda x: x.shape[0] + 1,
    lambda x: x.shape[0],
    "the number 3, really 4",
    "(Tensor x) -> SymInt",
    lambda r, x: x + r,
)
op("raising", lambda x: x * 2, raising, "it raises ValueError: no such thing")
