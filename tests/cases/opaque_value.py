"""Inputs of a class that is registered as an opaque value, and a dtype in a dictionary, beside a dynamic dimension."""

import dataclasses

import torch
from torch._library.opaque_object import is_opaque_type, register_opaque_type
from torch._opaque_base import OpaqueBase

from tests.cases.case import Call, Case, numbers


@dataclasses.dataclass(frozen=True)
class Setting(OpaqueBase):
    """Two numbers."""

    a: int
    b: int

    def __fx_repr__(self):
        return f"Setting(a={self.a!r}, b={self.b!r})", {"Setting": Setting}


if not is_opaque_type(Setting):
    register_opaque_type(Setting, typ="value")


class Model(torch.nn.Module):
    def forward(self, x, setting, others):
        return (x * setting.a + others["setting"].b).to(others["dtype"])


OTHERS = {"setting": Setting(1, 2), "dtype": torch.float64}

CASE = Case(
    origin="issue 10, item 17",
    model=Model,
    example=Call(numbers(2, 6), Setting(3, 4), OTHERS),
    right=(Call(numbers(5, 6, seed=1), Setting(3, 4), OTHERS),),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}, "setting": None, "others": None},
    codes=frozenset({"TD501"}),
)
