"""Graph networks of torch_geometric."""

from __future__ import annotations

import torch
import torch_geometric.nn as gnn
from torch import Tensor, nn
from torch_geometric.utils import coalesce, dropout_edge, softmax, to_dense_adj, to_undirected

from .registry import Example, model, noise

EDGES = torch.tensor([[0, 1, 2, 3, 4, 5, 1, 2, 6, 7], [1, 2, 3, 4, 5, 0, 0, 4, 7, 6]])
BATCH = torch.tensor([0, 0, 0, 0, 0, 0, 1, 1])


class Graph(nn.Module):
    """Convolutions, then one vector per graph."""

    def __init__(self, first: nn.Module, second: nn.Module, pool: nn.Module) -> None:
        super().__init__()
        self.first, self.second, self.pool = first, second, pool

    def forward(self, x: Tensor, edge_index: Tensor, batch: Tensor) -> Tensor:
        """Node features to graph features."""
        x = self.first(x, edge_index).relu()
        return self.pool(self.second(x, edge_index), batch)


def graph(first: nn.Module, second: nn.Module, pool: nn.Module) -> Example:
    """A network of two layers and a pooling on a small batch of graphs."""
    return Graph(first, second, pool).eval(), (noise(8, 6), EDGES, BATCH), {}, None


@model("torch_geometric", "GATv2, mean")
def gatv2() -> Example:
    return graph(gnn.GATv2Conv(6, 8, heads=2), gnn.GATv2Conv(16, 8), gnn.aggr.MeanAggregation())


@model("torch_geometric", "GIN, Set2Set")
def gin() -> Example:
    layers = [nn.Sequential(nn.Linear(width, 8), nn.ReLU(), nn.Linear(8, 8)) for width in (6, 8)]
    return graph(gnn.GINConv(layers[0]), gnn.GINConv(layers[1], train_eps=True), gnn.aggr.Set2Set(8, 2))


@model("torch_geometric", "Chebyshev, sorted pooling")
def chebyshev() -> Example:
    return graph(gnn.ChebConv(6, 8, 2), gnn.ChebConv(8, 8, 2), gnn.aggr.SortAggregation(3))


@model("torch_geometric", "PNA, median")
def pna() -> Example:
    degrees = torch.tensor([0, 4, 3, 1])
    names = ["mean", "max", "std"], ["identity", "amplification"]
    return graph(gnn.PNAConv(6, 8, *names, degrees), gnn.PNAConv(8, 8, *names, degrees), gnn.aggr.MedianAggregation())


@model("torch_geometric", "ARMA, attention")
def arma() -> Example:
    pool = gnn.aggr.AttentionalAggregation(nn.Linear(8, 1))
    return graph(gnn.ARMAConv(6, 8), gnn.TAGConv(8, 8), pool)


@model("torch_geometric", "graph U-net")
def graph_unet() -> Example:
    net = gnn.GraphUNet(6, 8, 4, depth=2, pool_ratios=0.5).eval()
    return net, (noise(8, 6), EDGES, BATCH), {}, None


@model("torch_geometric", "ASA pooling")
def asa_pooling() -> Example:
    return gnn.ASAPooling(6, 0.5).eval(), (noise(8, 6), EDGES), {"batch": BATCH}, None


@model("torch_geometric", "memory pooling")
def memory_pooling() -> Example:
    return gnn.MemPooling(6, 8, 2, 3).eval(), (noise(8, 6), BATCH), {}, None


@model("torch_geometric", "AttentiveFP")
def attentive() -> Example:
    net = gnn.AttentiveFP(6, 8, 3, edge_dim=2, num_layers=2, num_timesteps=2).eval()
    return net, (noise(8, 6), EDGES, noise(10, 2), BATCH), {}, None


@model("torch_geometric", "two kinds of nodes")
def heterogeneous() -> Example:
    net = gnn.HeteroConv({("a", "to", "b"): gnn.SAGEConv((4, 5), 6), ("b", "back", "a"): gnn.SAGEConv((5, 4), 6)})
    features = {"a": noise(4, 4), "b": noise(3, 5)}
    edges = {("a", "to", "b"): torch.tensor([[0, 1, 3], [0, 2, 1]]), ("b", "back", "a"): torch.tensor([[0, 2], [3, 0]])}
    return net.eval(), (features, edges), {}, None


@model("torch_geometric", "utilities on edges")
def edge_utilities() -> Example:
    class Utilities(nn.Module):
        """Cleans a graph, then attends over each node's neighbours."""

        def forward(self, x: Tensor, edge_index: Tensor) -> tuple[Tensor, Tensor]:
            edge_index = coalesce(to_undirected(edge_index))
            source, target = dropout_edge(edge_index, p=0.3, training=False)[0]
            weights = softmax((x[source] * x[target]).sum(-1), target)
            out = torch.zeros_like(x).index_add_(0, target, x[source] * weights[:, None])
            return out, to_dense_adj(edge_index)

    return Utilities(), (noise(8, 6), EDGES), {}, None
