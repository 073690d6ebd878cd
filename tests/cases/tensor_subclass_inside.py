"""A subclass of tensors made in `forward`: its code runs around every operation, which no fake tensor takes part in."""

import torch

from tests.cases.case import Call, Case, numbers


class Tagged(torch.Tensor):
    """Keeps a note through every operation."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        made = super().__torch_function__(func, types, args, kwargs or {})
        if isinstance(made, cls):
            made.note = next((vars(a)["note"] for a in args if isinstance(a, cls) and "note" in vars(a)), 0)
        return made


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, x):
        tagged = torch.as_tensor(x).as_subclass(Tagged)
        tagged.note = 3
        y = self.layer(tagged * 2).relu()
        return y, y.sum(0) + y.note


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 2)
        self.inner = Inner()

    def forward(self, x):
        y, total = self.inner(self.first(x))
        return torch.sin(y) + total


CASE = Case(
    origin="promise 1: a graph, always (image libraries keep what they know of an image on such tensors)",
    model=Model,
    example=Call(numbers(3, 2)),
    right=(Call(numbers(5, 2, seed=1)), Call(numbers(2, 2, seed=2))),
    dynamic_shapes={"x": {0: torch.export.Dim.AUTO}},
    codes=frozenset({"TD901"}),
    rung="island",
    baked=False,
)
