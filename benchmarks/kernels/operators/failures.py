"""Operations that raise where the model catches, for the example's data or for other data."""

from __future__ import annotations

import torch

from ..case import case, define, rows

UP, DOWN = rows(), rows(scale=-1.0)
EYE, NOT_POSITIVE = torch.eye(3), -torch.eye(3)


def _refusing(x):
    if x.sum() < 0:
        raise ValueError("not these")
    return x * 2


refusing = define("refusing(Tensor x) -> Tensor", _refusing)
described = define("described(Tensor x) -> Tensor", _refusing, torch.empty_like)


def caught(op):
    def model(x):
        try:
            return op(x)
        except (RuntimeError, ValueError, IndexError):
            return x - 1

    return model


case("raises for the example's data, caught", caught(refusing), DOWN, UP, codes="TD601")
case("raises for other data, caught", caught(refusing), UP, DOWN, codes="TD301 TD601")
case("raises for the example's data, with a fake kernel", caught(described), DOWN, UP, codes="TD601")
case("raises for other data, with a fake kernel", caught(described), UP, DOWN)
case("cholesky raises for the example's data", caught(torch.linalg.cholesky), NOT_POSITIVE, EYE, codes="TD601")
case("cholesky raises for other data", caught(torch.linalg.cholesky), EYE, NOT_POSITIVE)
case("inv raises for the example's data", caught(torch.linalg.inv), torch.zeros(3, 3), EYE, codes="TD601")
case("x[i] raises for the example's data", caught(lambda x: x[int(x[0, 0])]), rows(scale=9.0), UP, codes="TD601")
case("x[i] raises for other data", caught(lambda x: x[int(x[0, 0])]), UP, rows(scale=9.0))
case(
    "x[t] raises for the example's data",
    caught(lambda x: x[x[:, 0].long()]),
    rows(scale=9.0),
    torch.zeros(3, 4),
    codes="TD601",
)
case("x[t] raises for other data", caught(lambda x: x[x[:, 0].long()]), torch.zeros(3, 4), rows(scale=9.0))
case(
    "one_hot raises for other data",
    caught(lambda x: torch.nn.functional.one_hot(x[:, 0].long(), 4)),
    torch.zeros(3, 4),
    rows(scale=9.0),
)
