"""Custom operators without fake kernels, with different kinds of schemas, and models. `CALLS` counts real runs."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

CALLS: Counter[str] = Counter()
LIB = torch.library.Library("td_missing", "DEF")
OPS = torch.ops.td_missing


def custom_op(name, mutates_args=()):
    """`@torch.library.custom_op` with a count of its real runs."""

    def decorate(fn):
        def counted(*args):
            CALLS[name] += 1
            return fn(*args)

        counted.__annotations__ = fn.__annotations__
        schema = torch.library.infer_schema(fn, mutates_args=mutates_args)
        return torch.library.custom_op(f"td_missing::{name}", counted, mutates_args=mutates_args, schema=schema)

    return decorate


def define(schema, fn, key="CPU"):
    """Registers an operator through `define` and `impl`."""
    name = schema.partition("(")[0]

    def counted(*args, **kwargs):
        CALLS[name] += args[0].device.type != "meta"  # a composite kernel is its own fake kernel
        return fn(*args, **kwargs)

    LIB.define(schema)
    LIB.impl(name, counted, key)


@custom_op("double")
def double(x: Tensor) -> Tensor:
    return x * 2


@custom_op("count")
def count(x: Tensor) -> int:
    return int((x > 0).sum())


@custom_op("mean")
def mean(x: Tensor) -> float:
    return float(x.mean())


@custom_op("has")
def has(x: Tensor) -> bool:
    return bool((x > 0).any())


@custom_op("many")
def many(x: Tensor) -> list[Tensor]:
    return [x + i for i in range(3)]


@custom_op("pair")
def pair(x: Tensor) -> tuple[Tensor, Tensor]:
    return x + 1, x.sum()


@custom_op("maybe")
def maybe(x: Tensor, w: Tensor | None = None, k: int | None = None) -> Tensor:
    return x + (0 if w is None else w) + (k or 0)


@custom_op("expanded")
def expanded(x: Tensor) -> Tensor:
    return x[:1].clone().expand(5, *x.shape[1:])


@custom_op("offset")
def offset(x: Tensor) -> Tensor:
    return (x + 1).flatten()[3:]


@custom_op("strided")
def strided(x: Tensor) -> Tensor:
    return torch.cat([x, x], 1)[:, ::2]


@custom_op("transposed")
def transposed(x: Tensor) -> Tensor:
    return (x + 1).t()


@custom_op("zerod")
def zerod(x: Tensor) -> Tensor:
    return x.sum()


@custom_op("sparse")
def sparse(x: Tensor) -> Tensor:
    return x.to_sparse()


@custom_op("fill", mutates_args=("x",))
def fill(x: Tensor) -> None:
    x.fill_(7)


@custom_op("fill_and_double", mutates_args=("x",))
def fill_and_double(x: Tensor) -> Tensor:
    x.add_(1)
    return x * 2


@custom_op("positions")
def positions(x: Tensor) -> Tensor:
    return torch.nonzero(x > 0)


@custom_op("joined")
def joined(xs: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(xs))


define("cpu(Tensor x) -> Tensor", lambda x: x * 3)
define("explicit(Tensor x) -> Tensor", lambda x: torch.from_numpy(x.numpy() + 1), "CompositeExplicitAutograd")
define("optional(Tensor x, bool b) -> (Tensor, Tensor?)", lambda x, b: (x + 1, x * 1 if b else None))
define("label(Tensor x) -> str", lambda x: "abc")
define("add_self_(Tensor(a!) x) -> Tensor(a!)", lambda x: x.add_(1))
define(
    "keyword(Tensor x, *, Tensor? w=None, int n=2) -> Tensor", lambda x, w=None, n=2: x * n + (0 if w is None else w)
)
define("ints(Tensor x) -> int[]", lambda x: [1, int((x > 0).sum())])
define("unsaid_write(Tensor x) -> Tensor", lambda x: x.add_(1) * 2)


def _refuse(x):
    raise ValueError("not this one")


define("refusing(Tensor x) -> Tensor", _refuse)


def _written(x):
    y = x + 1
    OPS.fill(y)
    return y + 1


def _written_and_read(x):
    y = x + 1
    z = OPS.fill_and_double(y)
    return y + z if y.sum() > 4 else z


def _added(x):
    y = x * 2
    z = OPS.add_self_(y) + 1
    return y + z if y.sum() > 1 else y


MODELS = {
    "tensor": lambda x: OPS.double(x) + 1,
    "branch on its data": lambda x: x + 1 if OPS.double(x).sum() > 0 else x,
    "branch on its size": lambda x: torch.ones(3) if OPS.double(x).shape[0] > 2 else x,
    "int": lambda x: x + OPS.count(x),
    "branch on an int": lambda x: x + 1 if OPS.count(x) > 2 else x,
    "float": lambda x: x + OPS.mean(x),
    "bool": lambda x: x + 1 if OPS.has(x) else x - 1,
    "str": lambda x: x + len(OPS.label(x)),
    "ints": lambda x: x + OPS.ints(x)[1],
    "list": lambda x: sum(OPS.many(x)),
    "tuple": lambda x: torch.add(*OPS.pair(x)),
    "none arguments": lambda x: OPS.maybe(x) + OPS.maybe(x, x) + OPS.maybe(x, None, 3),
    "keyword arguments": lambda x: OPS.keyword(x, n=3) + OPS.keyword(x, w=x),
    "list argument": lambda x: OPS.joined([x, x + 1]),
    "expanded": lambda x: OPS.expanded(x) * 2,
    "expanded and returned": lambda x: OPS.expanded(x),
    "offset": lambda x: OPS.offset(x) * 2,
    "strided": lambda x: OPS.strided(x) * 2,
    "strided and viewed": lambda x: OPS.strided(x).reshape(-1) * 2,
    "branch on strides": lambda x: (lambda y: y + 1 if y.is_contiguous() else y + 2)(OPS.strided(x)),
    "transposed": lambda x: OPS.transposed(x) @ x,
    "zero-dim": lambda x: OPS.zerod(x) + x,
    "sparse": lambda x: OPS.sparse(x).to_dense() + 1,
    "written": _written,
    "written and returned": _written_and_read,
    "in place": _added,
    "dynamic": lambda x: OPS.positions(x).sum(),
    "branch on a dynamic size": lambda x: (lambda p: x[p[:, 0]] if p.shape[0] > 1 else x)(OPS.positions(x)),
    "define and impl": lambda x: OPS.cpu(x),
    "composite": lambda x: OPS.explicit(x),
    "optional left out": lambda x: OPS.optional(x, False)[0],
    "optional given": lambda x: torch.add(*OPS.optional(x, True)),
}


class Nested(torch.nn.Module):
    """Calls `fn` from within a submodule."""

    def __init__(self, fn, depth=1):
        super().__init__()
        self.fn = fn
        self.inner = Nested(fn, depth - 1) if depth else None

    def forward(self, x):
        return self.inner(x * 1) if self.inner is not None else self.fn(x)


def example():
    return torch.arange(12.0).reshape(3, 4) - 2
