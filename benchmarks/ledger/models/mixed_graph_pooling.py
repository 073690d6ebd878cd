"""Graphs of a batch handled one by one: how many there are is read, each is cut out by its mask."""

import torch


class Readout(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.score = torch.nn.Linear(2, 1)

    def pooled(self, nodes):
        if nodes.shape[0] < 2:  # expect: TD101 x3
            return nodes.sum(0)
        weights = self.score(nodes).softmax(0)
        return (nodes * weights).sum(0)

    def forward(self, nodes, batch):
        graphs = batch.max().item() + 1
        return torch.stack([self.pooled(nodes[batch == graph]) for graph in range(graphs)])  # expect: TD102


def build():
    return Readout(), (torch.ones(5, 2), torch.tensor([0, 0, 1, 2, 2]))
