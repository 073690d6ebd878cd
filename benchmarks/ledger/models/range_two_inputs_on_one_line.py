"""One line that narrows a dimension of each of two inputs."""

import torch


class Window(torch.nn.Module):
    def forward(self, query, memory):
        if query.shape[0] < 8 and memory.shape[0] > 20:  # expect: TD201, TD201
            return query @ memory[-20:].T
        return query @ memory.T


def build():
    shapes = {"query": {0: torch.export.Dim("query")}, "memory": {0: torch.export.Dim("memory")}}
    return Window(), (torch.ones(5, 3), torch.ones(30, 3)), {}, shapes
