"""Attention with a score function that reads a parameter, at any length: right, and reported as not saveable."""

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor([0.5, -0.25]))

    def forward(self, x):
        mask = create_block_mask(lambda b, h, q, k: q >= k, None, None, 32, 32, device="cpu")
        biased = flex_attention(x, x, x, score_mod=lambda score, b, h, q, k: score + self.slope[h] * (q - k))
        return biased + flex_attention(x[:, :, :32], x[:, :, :32], x[:, :, :32], block_mask=mask).mean()


DYNAMIC = torch.export.Dim.DYNAMIC

CASE = Case(
    origin="a graph, always: torch.nn.attention.flex_attention",
    model=Model,
    example=Call(numbers(2, 2, 40, 8)),
    dynamic_shapes={"x": {0: DYNAMIC, 2: DYNAMIC}},
    right=(Call(numbers(3, 2, 50, 8, seed=1)),),
    codes=frozenset({"TD906"}),
    saves=False,  # the arguments of its operator have no form in the file format
    baked=False,
)
