"""Dictionaries with tuples as keys, in and out: JSON, in which structures are saved, has no such keys."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def forward(self, features, edges):
        out = {}
        for (source, _, target), weight in edges.items():
            out[source, target] = features[source] * weight
        return {"pairs": out, "count": len(edges)}


def call(seed):
    weights = {("user", "buys", "item"): numbers(3, seed=seed), ("item", "by", "user"): numbers(3, seed=seed + 1)}
    return Call({"user": numbers(2, 3, seed=seed), "item": numbers(4, 3, seed=seed)}, weights)


CASE = Case(
    origin="graph networks of several kinds of nodes",
    model=Model,
    example=call(0),
    right=(call(5),),
    baked=False,
)
