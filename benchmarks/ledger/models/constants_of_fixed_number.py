"""The number of nodes is data, and fixed; what is counted of a tensor made of that many zeros follows from it."""

import torch


class Dense(torch.nn.Module):
    def forward(self, edges):
        nodes = int(edges.max()) + 1  # expect: TD102
        batch = edges.new_zeros(nodes)
        graphs = int(batch.max()) + 1  # expect: TD102 note
        return torch.zeros(graphs, nodes, nodes).index_put((batch[edges[0]], edges[0], edges[1]), torch.tensor(1.0))


def build():
    return Dense(), (torch.tensor([[0, 1, 2], [2, 0, 1]]),)
