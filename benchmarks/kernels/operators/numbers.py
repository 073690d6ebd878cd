"""Operators that return numbers, texts and lists of them."""

from __future__ import annotations

import torch

from ..case import case, define, rows

UP, DOWN = rows(), rows(scale=-1.0)
MORE = rows(scale=1.0).roll(1, 0) * torch.tensor([1.0, -1.0, 1.0, 1.0])


def count(x):
    return int((x > 0).sum())


a_int = define("a_int(Tensor x) -> int", count)
case("int", lambda x: x + a_int(x), UP, DOWN, codes="TD301 TD103")
case("int in a branch", lambda x: x + 1 if a_int(x) > 3 else x - 1, UP, DOWN, MORE, codes="TD301 TD103")
case("int as a size", lambda x: torch.ones(a_int(x)) * x[0, 0], UP, MORE, DOWN, codes="TD301 TD103")

a_symint = define("a_symint(Tensor x) -> SymInt", count)
case("SymInt", lambda x: x + a_symint(x), UP, DOWN, MORE, codes="TD301")

a_float = define("a_float(Tensor x) -> float", lambda x: float(x.mean()))
case("float", lambda x: x + a_float(x), UP, DOWN, codes="TD301")

a_bool = define("a_bool(Tensor x) -> bool", lambda x: bool(x.sum() > 0))
case("bool", lambda x: x + 1 if a_bool(x) else x - 1, UP, DOWN, codes="TD301")

a_str = define("a_str(Tensor x) -> str", lambda x: "up" if x.sum() > 0 else "down")
case("str", lambda x: x + 1 if a_str(x) == "up" else x - 1, UP, DOWN, codes="TD301")

ints = define("ints(Tensor x) -> int[]", lambda x: [1, count(x)])
case("int[]", lambda x: x + ints(x)[1], UP, DOWN, codes="TD301")

lengths = define("lengths(Tensor x) -> int[]", lambda x: list(range(max(count(x), 1))))
case("the length of an int[]", lambda x: x + len(lengths(x)), UP, DOWN, codes="TD301")

symints = define("symints(Tensor x) -> SymInt[]", lambda x: [1, count(x)])
case("SymInt[]", lambda x: x + symints(x)[1], UP, DOWN, codes="TD301")

floats = define("floats(Tensor x) -> float[]", lambda x: [0.5, float(x.mean())])
case("float[]", lambda x: x + floats(x)[1], UP, DOWN, codes="TD301")

scalar = define("scalar(Tensor x) -> Scalar", lambda x: count(x) if x.sum() > 0 else float(x.mean()))
case("Scalar", lambda x: x + scalar(x), UP, DOWN, codes="TD301")

mixed = define(
    "mixed(Tensor x) -> (Tensor, int, float, str)",
    lambda x: (x * 2, count(x), float(x.mean()), "up" if x.sum() > 0 else "down"),
)


def use_mixed(x):
    out, number, mean, word = mixed(x)
    return out * number + mean + len(word)


case("(Tensor, int, float, str)", use_mixed, UP, DOWN, rows(scale=2.0), codes="TD301")
case("(Tensor, int, float, str), the tensor", lambda x: mixed(x)[0] + 1, UP, DOWN, rows(5), codes="TD301", dynamic=True)

sized = define("sized(Tensor x) -> (Tensor, SymInt)", lambda x: (x * 2, count(x)))
case("(Tensor, SymInt)", lambda x: sized(x)[0] + sized(x)[1], UP, DOWN, codes="TD301")

with_fake = define("with_fake(Tensor x) -> float", lambda x: float(x.mean()), lambda x: 6.5)
case("float with a fake kernel that names the example's", lambda x: x + with_fake(x), UP, DOWN)

wrong_fake = define("wrong_fake(Tensor x) -> float", lambda x: float(x.mean()), lambda x: 0.0)
case("float with a wrong fake kernel", lambda x: x + wrong_fake(x), UP, DOWN, codes="TD302")

flag = define("flag(Tensor x) -> bool[]", lambda x: [True, bool(x.sum() > 0)])
case("bool[]", lambda x: x + 1 if flag(x)[1] else x - 1, UP, DOWN, codes="TD301")

maybe_int = define("maybe_int(Tensor x) -> int?", lambda x: count(x) or None)
case("int?", lambda x: x + (maybe_int(x) or 100), UP, DOWN, codes="TD301")

words = define("words(Tensor x) -> str[]", lambda x: ["a", "up" if x.sum() > 0 else "down"])
case("str[]", lambda x: x + len(words(x)[1]), UP, DOWN, codes="TD301")
