"""Operators that write to arguments, and whose outputs share memory."""

from __future__ import annotations

import torch

from ..case import case, define, rows

like = torch.empty_like
UP, DOWN = rows(), rows(scale=-1.0)


def then_written(op):
    """The output is written to, and what it may share memory with is read."""

    def model(x):
        y = x + 1
        z = op(y)
        z.add_(1)
        return y + z

    return model


same = define("same(Tensor x) -> Tensor", lambda x: x)
case("an undeclared alias of the argument", then_written(same), UP, DOWN, codes="TD301")
case("an undeclared alias of the input", lambda x: same(x).add_(1) + x, UP, DOWN, codes="TD301")

view = define("view(Tensor x) -> Tensor", lambda x: x[1:])
case(
    "an undeclared view of the argument", lambda x: (lambda y: (view(y).add_(1), y)[1])(x * 2), UP, DOWN, codes="TD301"
)

lying_view = define("lying_view(Tensor x) -> Tensor", lambda x: x[1:], lambda x: x.new_empty(x.shape[0] - 1, 4))
case(
    "an undeclared view, with a fake kernel",
    lambda x: (lambda y: (lying_view(y).add_(1), y)[1])(x * 2),
    UP,
    DOWN,
    codes="TD302",
)

sometimes = define("sometimes(Tensor x) -> Tensor", lambda x: x if x.sum() > 30 else x.clone())
case("an alias for the example's data only", then_written(sometimes), UP, DOWN, codes="TD301")
case("an alias for other data only", then_written(sometimes), DOWN, UP, codes="TD301")

hidden = define("hidden(Tensor x) -> Tensor", lambda x: x if x.sum() > 30 else x.clone(), like)
case("an alias for other data only, with a fake kernel", then_written(hidden), DOWN, UP)

pair = define("pair(Tensor x) -> (Tensor, Tensor)", lambda x: (lambda y: (y, y))(x + 1))
case("two outputs that are one tensor", lambda x: (lambda r: (r[0].add_(1), r[1])[1])(pair(x)), UP, DOWN, codes="TD301")

halves = define("halves(Tensor x) -> Tensor[]", lambda x: list((x + 1).split(1)))
case("outputs that share memory", lambda x: sum(halves(x)), UP, DOWN, codes="TD301")

overlap = define("overlap(Tensor x) -> (Tensor, Tensor)", lambda x: (lambda y: (y[:2], y[1:]))(x + 1))
case(
    "outputs that overlap, one written",
    lambda x: (lambda r: (r[0].add_(1), r[1])[1])(overlap(x)),
    UP,
    DOWN,
    codes="TD301",
)

add_ = define("add_(Tensor(a!) x) -> Tensor(a!)", lambda x: x.add_(1))
case("in place", lambda x: (lambda y: add_(y) + y)(x * 2), UP, DOWN, codes="TD301")
case("in place, its result alone", lambda x: add_(x * 2) + 1, UP, rows(5), codes="TD301", dynamic=True)
case("in place, to the input", lambda x: add_(x) + 1, UP, DOWN, codes="TD301")

known_ = define("known_(Tensor(a!) x) -> Tensor(a!)", lambda x: x.add_(1), lambda x: x)
case("in place, with a fake kernel", lambda x: (lambda y: known_(y) + y)(x * 2), UP, DOWN)


def _fill(x):
    x.fill_(7)


fill = define("fill(Tensor(a!) x) -> ()", _fill)
case("a write that returns nothing", lambda x: (lambda y: (fill(y), y + 1)[1])(x * 2), UP, DOWN)

into = define("into(Tensor x, *, Tensor(a!) out) -> Tensor(a!)", lambda x, out: out.copy_(x * 2))
case("an out= argument", lambda x: into(x, out=torch.empty(3, 4)) + 1, UP, DOWN, codes="TD301")

both = define("both(Tensor(a!) x) -> Tensor", lambda x: x.add_(1) * 2)
case("a write and a result", lambda x: (lambda y: both(y) + y)(x * 2), UP, DOWN, codes="TD301")


def _each(xs):
    for x in xs:
        x.add_(1)


each = define("each(Tensor(a!)[] xs) -> ()", _each)
case("a write to a list", lambda x: (lambda y: (each([y, x * 1]), y)[1])(x * 2), UP, DOWN)

unsaid = define("unsaid(Tensor x) -> Tensor", lambda x: x.add_(1) * 2)
case("an undeclared write", lambda x: (lambda y: unsaid(y) + y)(x * 2), UP, DOWN, codes="TD301")
case("an undeclared write to the input", lambda x: unsaid(x) + x, UP, DOWN, codes="TD301")

unsaid_known = define("unsaid_known(Tensor x) -> Tensor", lambda x: x.add_(1) * 2, like)
case(
    "an undeclared write, with a fake kernel", lambda x: (lambda y: unsaid_known(y) + y)(x * 2), UP, DOWN, codes="TD302"
)


def _both(x, y):
    y.fill_(1)
    x.add_(1)


trivial = define("trivial(Tensor x, Tensor(a!) y) -> ()", _both)
case(
    "an undeclared write beside a declared one",
    lambda x: (lambda y: (trivial(y, x * 1), y)[1])(x * 2),
    UP,
    DOWN,
    codes="TD302 TD301",
)

declared = define("declared(Tensor(a) x) -> Tensor(a)", lambda x: x[1:])
case("a declared view", lambda x: declared(x) + 1, UP, DOWN, codes="TD301")

tuple_for_list = define("tuple_for_list(Tensor x) -> Tensor[]", lambda x: (x + 1, x + 2))
case("a tuple where the schema says a list", lambda x: sum(tuple_for_list(x)), UP, DOWN, codes="TD301")

tuple_known = define("tuple_known(Tensor x) -> Tensor[]", lambda x: (x + 1, x + 2), lambda x: (like(x), like(x)))
case("a tuple for a list, with a fake kernel", lambda x: sum(tuple_known(x)), UP, DOWN, codes="TD302")
