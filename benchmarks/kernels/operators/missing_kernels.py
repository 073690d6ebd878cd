"""Operators without fake kernels whose outputs have another form for other inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from ..case import OPS, case, define, rows

UP, DOWN = rows(), rows(scale=-1.0)


@torch.library.custom_op("td_cases::twice", mutates_args=())
def twice(x: Tensor) -> Tensor:
    return x * 2


@torch.library.custom_op("td_cases::scaled", mutates_args=())
def scaled(x: Tensor) -> Tensor:
    return x * 3


scaled.register_autograd(lambda ctx, grad: grad * 3)

case("no fake kernel", lambda x: OPS.twice(x) + 1, UP, rows(5), codes="TD301", dynamic=True)
case("no fake kernel, with autograd", lambda x: OPS.scaled(x) + 1, UP, rows(5), codes="TD301", dynamic=True)
case("no fake kernel, broadcast to its argument", lambda x: OPS.twice(x) + x, UP, rows(5), codes="TD301", dynamic=True)

unbound = define("unbound(Tensor x) -> Tensor[]", lambda x: [r * 2 for r in x])
case("the length of a list is a size", lambda x: sum(unbound(x)), UP, rows(5), rows(2), codes="TD301", dynamic=True)
case("the length of a list, in Python", lambda x: x * len(unbound(x)), UP, rows(5), codes="TD301", dynamic=True)

parts = define("parts(Tensor x) -> Tensor[]", lambda x: [x * 1] * int(x[0, 0]))
case("the length of a list depends on data", lambda x: sum(parts(x)) + x, rows(scale=3.0), UP, DOWN, codes="TD301")
case("a list is empty", lambda x: x + len(parts(x)), DOWN, UP, codes="TD301")
case(
    "elements of a list that are not used",
    lambda x: parts(x)[0] + 1,
    rows(scale=3.0),
    UP,
    codes="TD301",
    refused=(DOWN,),
)

maybe = define("maybe(Tensor x) -> Tensor?", lambda x: x * 2 if x.sum() > 0 else None)
case("the output is None for other data", lambda x: x if maybe(x) is None else maybe(x) + x, UP, DOWN, codes="TD301")
case("the output is None for the example", lambda x: x if maybe(x) is None else maybe(x) + x, DOWN, UP, codes="TD301")

first = define("first(Tensor x) -> (Tensor, Tensor?)", lambda x: (x * 2, x * 3 if x.sum() > 0 else None))
case(
    "one of two outputs is None", lambda x: first(x)[0] if first(x)[1] is None else first(x)[1], DOWN, UP, codes="TD301"
)

moody = define("moody(Tensor x) -> Tensor", lambda x: x * 1 if x.sum() > 0 else (x.t() * 1).contiguous().t())
case(
    "no fake kernel, strides are asked", lambda x: x + 1 if moody(x).is_contiguous() else x + 2, UP, DOWN, codes="TD301"
)
case("no fake kernel, a stride is read", lambda x: x + moody(x).stride(0), UP, DOWN, codes="TD301")
case("no fake kernel, viewed", lambda x: moody(x).view(2, -1), UP, refused=(DOWN,), codes="TD301")
case(
    "no fake kernel, viewed as complex",
    lambda x: torch.view_as_complex(moody(x)[:, :2]),
    UP,
    codes="TD301",
    refused=(DOWN,),
)

dtypes = define("dtypes(Tensor x) -> Tensor", lambda x: x * 1 if x.sum() > 0 else x.double())
case("no fake kernel, another dtype", lambda x: dtypes(x) + 1, UP, DOWN, codes="TD301")

sparse = define("sparse(Tensor x) -> Tensor", lambda x: x.to_sparse())
case("a sparse output", lambda x: sparse(x).to_dense() + 1, UP, DOWN, codes="TD301")

apart = define("apart(Tensor x) -> Tensor", lambda x: torch.cat([x, x], 1)[:, ::2])
case("an output with gaps in memory", lambda x: apart(x) * 2, UP, DOWN, codes="TD301")
case("an output with gaps in memory, any size", lambda x: apart(x) * 2, UP, rows(5), codes="TD301", dynamic=True)

spread = define("spread(Tensor x) -> Tensor", lambda x: x[:1].clone().expand(5, x.shape[1]))
case("an expanded output", lambda x: spread(x) * 2, UP, DOWN, codes="TD301")

offset = define("offset(Tensor x) -> Tensor", lambda x: (x + 1).flatten()[int(x[0, 0]) :])
case("a storage offset is read", lambda x: x + offset(x).storage_offset(), UP, rows(scale=2.0), codes="TD301")

conjugate = define("conjugate(Tensor x) -> Tensor", lambda x: torch.complex(x, x).conj())
case("a conjugated output", lambda x: conjugate(x) * 2, UP, rows(5), codes="TD301", dynamic=True)
case("the conjugate bit is asked", lambda x: x + 1 if conjugate(x).is_conj() else x, UP, DOWN, codes="TD301")

negative = define("negative(Tensor x) -> Tensor", lambda x: torch.complex(x, x).conj().imag)
case("an output with the negative bit", lambda x: negative(x) * 2, UP, rows(5), codes="TD301", dynamic=True)

keyword = define(
    "keyword(Tensor x, *, Tensor? w=None, int n=2) -> Tensor", lambda x, w=None, n=2: x * n + (0 if w is None else w)
)
case("keyword-only tensors", lambda x: keyword(x, n=3) + keyword(x, w=x), UP, DOWN, codes="TD301")
