"""Dicts, lists, tuples, None, booleans, numbers and text among the inputs, nested."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, tree, flag, mode, nothing=None, factor=2):
        out = tree["a"][0] + tree["b"]["c"][1]
        if flag:
            out = out * factor
        if mode == "double":
            out = out * 2
        return {"out": [out, (out + 1, None)], "mode": mode, "none": nothing}


TREE = {"a": [numbers(2), None], "b": {"c": (numbers(2, seed=1), numbers(2, seed=2))}}
OTHER = {"a": [torch.ones(2), None], "b": {"c": (torch.ones(2), torch.zeros(2))}}
CASE = Case(
    origin="engine item 5: int, float, bool, str, None, tuples, lists, dicts, nested",
    model=Model,
    example=Call(TREE, True, "double", factor=3),
    right=(Call(OTHER, True, "double", factor=3),),
    other=(Call(OTHER, False, "double", factor=3), Call(OTHER, True, "single", factor=4)),
)
