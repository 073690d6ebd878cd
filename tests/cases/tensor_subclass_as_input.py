"""An input of a subclass of tensors, and a model that asks for its class and its attributes."""

import torch

from tests.cases.case import Call, Case, numbers


class Image(torch.Tensor):
    """A tensor that says what it is of."""

    def __deepcopy__(self, memo):
        made = self.as_subclass(torch.Tensor).clone().as_subclass(Image)
        made.scale = self.scale
        return made


def image(seed):
    made = numbers(3, 2, seed=seed).as_subclass(Image)
    made.scale = 2.0
    return made


class Model(torch.nn.Module):
    def forward(self, x, y):
        scaled = x * x.scale if isinstance(x, Image) else x * 5
        return scaled.as_subclass(torch.Tensor) + y


CASE = Case(
    origin="promise 2: right on the example",
    model=Model,
    example=Call(image(0), numbers(3, 2)),
    right=(Call(image(1), numbers(3, 2, seed=2)),),
    codes=frozenset({"TD501", "TD901"}),
    rung="concrete",
)
