"""The model takes another path where it is told that it is being traced, and that path refuses the example."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, x):
        mask = torch.ones(x.shape[1]) if torch.compiler.is_compiling() else None
        pooled = torch.nn.functional.avg_pool1d(x[:, None], 2)[:, 0]
        if mask is not None and mask.shape[0] != pooled.shape[1]:
            raise ValueError(f"the mask has {mask.shape[0]} steps for {pooled.shape[1]}")
        return pooled * 2 if mask is None else pooled * mask


CASE = Case(
    origin="a transformer that leaves its mask out unless it is being traced",
    model=Model,
    example=Call(numbers(2, 6)),
    right=(Call(numbers(5, 6, seed=1)),),
    dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
    baked=False,
)
