"""Weights that a C++ object holds, as those of a dynamically quantized layer."""

import warnings

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such tensors are to go from torch
            self.packed = torch.ao.nn.quantized.dynamic.Linear(3, 4)
        self.last = torch.nn.Linear(4, 2)

    def forward(self, x):
        return self.last(self.packed(x).relu())


CASE = Case(
    origin="a graph, always: torch.ao.quantization.quantize_dynamic",
    model=Model,
    example=Call(numbers(2, 3)),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
    right=(Call(numbers(5, 3, seed=1)),),
    baked=False,
)
