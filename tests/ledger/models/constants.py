"""Values that are fixed in the graph: constants and literals where a dynamic value was possible."""

from types import SimpleNamespace

import numpy
import torch

from tests.ledger.registry import model


@model
def constants_asked():
    """Nothing assumed: questions about tensors that the code itself makes have one answer. Plain export knows none."""
    return Windows(), (torch.ones(3),)


class Windows(torch.nn.Module):
    def forward(self, x):
        grid = torch.stack(torch.meshgrid(torch.arange(3), torch.arange(3), indexing="ij")).flatten(1)
        offsets = grid[:, :, None] - grid[:, None]
        span = int(offsets.max() - offsets.min()) + 1
        if (offsets.sum(0) > 0).any():  # expect: TD101 note
            x = x * span
        return x + torch.zeros(span).sum()


@model
def constants_mask_of_ones():
    """A mask that is made where the caller gives none, and asked whether it hides anything: it never does."""
    return Attends(), (torch.ones(2, 3, 4),)


class Attends(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(4, 4)

    def forward(self, x, mask=None):
        if mask is None:
            mask = torch.ones(x.shape[:2])
        hidden = (mask < 1).flatten().any().item()
        scores = self.project(x) @ x.mT
        if hidden:  # expect: TD101 note
            scores = scores.masked_fill(mask[:, None] < 1, -1e9)
        return scores.softmax(-1) @ x


@model
def constants_of_fixed_number():
    """The number of nodes is data; what is counted of a tensor made of that many zeros follows from it."""
    return Dense(), (torch.tensor([[0, 1, 2], [2, 0, 1]]),)


class Dense(torch.nn.Module):
    def forward(self, edges):
        nodes = int(edges.max()) + 1
        batch = edges.new_zeros(nodes)
        graphs = int(batch.max()) + 1
        return torch.zeros(graphs, nodes, nodes).index_put((batch[edges[0]], edges[0], edges[1]), torch.tensor(1.0))


@model
def constants_steps_of_schedule():
    """Time steps are tensors of numbers in the code; the last one is told by a comparison."""
    return Steps(), (torch.ones(3),)


class Steps(torch.nn.Module):
    def forward(self, x):
        levels = torch.linspace(1.0, 0.5, 10)
        for step in torch.arange(6, -1, -3):
            before = step - 3
            x = x * (levels[before] if before >= 0 else levels[-1])  # expect: TD101 note
        return x


@model
def constants_table_by_numpy():
    """A schedule that NumPy works out from a table the model's settings hold: the same one in every call."""
    return Denoises(), (torch.ones(3),)


class Denoises(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.settings = SimpleNamespace(alphas=torch.linspace(0.9, 0.1, 8))

    def forward(self, x):
        noise = numpy.array((1 - self.settings.alphas) / self.settings.alphas)  # expect: TD103 note
        for level in numpy.interp([6.0, 3.0], numpy.arange(8), noise):
            x = x / (1 + float(level))
        return x


@model
def literal_compared():
    """An assertion names the number of mel bins, which was asked to be dynamic."""
    return Front(), (torch.ones(2, 10, 80),), {}, {"features": {1: torch.export.Dim.AUTO, 2: torch.export.Dim.AUTO}}


class Front(torch.nn.Module):
    def forward(self, features):
        assert features.shape[-1] == 80, "80 mel bins are expected"  # expect: TD204
        return features.mean(1)


@model
def literal_in_nested_input():
    """A size named in an assertion, of a tensor in a list in a dictionary."""
    auto = torch.export.Dim.AUTO
    batch = {"parts": [torch.ones(7, 2), torch.ones(4, 2)]}
    return Merge(), (batch,), {}, {"batch": {"parts": [{0: auto}, {0: auto}]}}


class Merge(torch.nn.Module):
    def forward(self, batch):
        left, right = batch["parts"]
        assert left.shape[0] == 7  # expect: TD204
        return left.sum(0) + right.sum(0)


@model
def literal_in_submodule():
    """The literal stands in a submodule, in an `expand` that broadcasts against the input."""
    return Net(), (torch.ones(4, 5, 3),), {}, {"x": {0: torch.export.Dim.DYNAMIC}}


class Token(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token = torch.nn.Parameter(torch.zeros(1, 1, 3))

    def forward(self, x):
        return torch.cat([self.token.expand(4, 1, 3), x], 1)  # expect: TD204


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token = Token()

    def forward(self, x):
        return self.token(x * 2)[:, 0]


@model
def literal_of_attribute():
    """The size is an attribute, no literal: a dimension that became constant."""
    return Recurrent(4), (torch.ones(4, 2, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Recurrent(torch.nn.Module):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def forward(self, x):
        return x.view(self.batch, -1).sum(1)  # expect: TD202


@model
def literal_repeat():
    """A token repeated for a batch of eight."""
    return Prompt(), (torch.ones(8, 3),), {}, {"x": {0: torch.export.Dim("batch")}}


class Prompt(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token = torch.nn.Parameter(torch.ones(1, 3))

    def forward(self, x):
        return x * self.token.repeat(8, 1)  # expect: TD204


@model
def literal_view():
    """The batch size of the training script in a `view`."""
    return Flatten(), (torch.ones(32, 2, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Flatten(torch.nn.Module):
    def forward(self, x):
        return x.view(32, -1)  # expect: TD204


@model
def literal_view_declared():
    """The same with a declared dimension."""
    return FlattenDeclared(), (torch.ones(8, 2, 3),), {}, {"x": {0: torch.export.Dim("batch")}}


class FlattenDeclared(torch.nn.Module):
    def forward(self, x):
        x = x * 2
        return x.reshape(8, -1).sum(1)  # expect: TD204
