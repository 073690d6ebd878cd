"""Inputs that the model writes to, unregistered input and output types, and examples with one row or none."""

from dataclasses import dataclass
from types import SimpleNamespace

import torch

from tests.ledger.registry import model


@model
def hint_in_additional_inputs():
    """Dimensions found from further inputs: the length varies there, and the model fixes it.

    Further inputs are as good as `Dim.DYNAMIC`: that the program refuses one of them breaks what was asked.
    """
    more = torch.export.AdditionalInputs()
    more.add((torch.ones(2, 5),))
    more.add((torch.ones(2, 6),))
    return Banded(), (torch.ones(2, 5),), {}, more


class Banded(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.band = torch.nn.Parameter(torch.ones(5))

    def forward(self, x):
        if x.shape[1] == self.band.shape[0]:  # expect: TD201
            return x * self.band
        return x


@model
def input_added_to():
    """Adds to its input in place."""
    return Bump(), (torch.ones(3),)


class Bump(torch.nn.Module):
    def forward(self, x):
        x.add_(1)  # expect: TD401
        return x * 2


@model
def input_cache_updated():
    """A cache given by the caller gets the new keys and values, in a submodule, each on its line."""
    return Decoder(), (torch.ones(2, 4), torch.zeros(2, 6, 4), torch.zeros(2, 6, 4), torch.tensor([3]))


class Attention(torch.nn.Module):
    def forward(self, x, keys, values, position):
        keys[:, position] = x[:, None]  # expect: TD401
        values[:, position] = x[:, None] * 2  # expect: TD401
        return torch.softmax(x[:, None] @ keys.transpose(1, 2), -1) @ values


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()

    def forward(self, x, keys, values, position):
        return self.attention(x, keys, values, position)[:, 0]


@model
def input_masked():
    """Fills masked scores of its input, as attention code does."""
    return Masked(), (torch.ones(2, 3), torch.ones(2, 3, dtype=torch.bool))


class Masked(torch.nn.Module):
    def forward(self, scores, mask):
        scores = scores.masked_fill_(~mask, -1e4)  # expect: TD401
        return scores.softmax(-1)


@model
def input_normalized_in_place():
    """Normalizes images given as a list, through a function, in place."""
    return Transform(), ([torch.rand(3, 2, 2), torch.rand(3, 2, 2)],)


def normalize_(image):
    image -= 0.5  # expect: TD401, TD401
    return image


class Transform(torch.nn.Module):
    def forward(self, images):
        return torch.stack([normalize_(image) for image in images])


@model
def input_out_buffer():
    """The model writes its output into a tensor that the caller gave in a list."""
    return Collect(), (torch.ones(3), [torch.zeros(3), torch.ones(3)])


class Collect(torch.nn.Module):
    def forward(self, x, outputs):
        y = x * 2
        outputs[0].copy_(y)  # expect: TD401
        return y + outputs[1]


@model
def input_sorted_in_place():
    """Sorts its input through `out=`, and zeroes a slice of another."""
    return Sorts(), (torch.ones(3), torch.ones(3))


class Sorts(torch.nn.Module):
    def forward(self, x, y):
        torch.sigmoid(x, out=x)  # expect: TD401
        y[1:].zero_()  # expect: TD401
        return x + y


@model
def no_rows():
    """An example without rows, beside one of a usual size."""
    auto = torch.export.Dim.AUTO
    return Append(), (torch.ones(0, 3), torch.ones(4, 3)), {}, {"past": {0: auto}, "new": {0: auto}}


class Append(torch.nn.Module):
    def forward(self, past, new):  # expect: TD203
        return torch.cat([past, new])


@model
def one_row():
    """An example with a batch of one. The parameter in forward's signature is the place to look at."""
    return Double(), (torch.ones(1, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Double(torch.nn.Module):
    def forward(self, x):  # expect: TD203
        return x * 2


@model
def one_row_declared():
    """The same where the dimension was declared with `Dim`: the size of the example is to blame, not the model."""
    return DoubleDeclared(), (torch.ones(1, 3),), {}, {"x": {0: torch.export.Dim("batch")}}


class DoubleDeclared(torch.nn.Module):
    def forward(self, x):  # expect: TD203
        return x * 2


@model
def one_row_of_two_inputs():
    """Two inputs with a batch of one each, told one by one."""
    batch = torch.export.Dim("batch")
    return Pair(), (torch.ones(1, 3), torch.ones(1, 2)), {}, {"left": {0: batch}, "right": {0: batch}}


class Pair(torch.nn.Module):
    def forward(self, left, right):  # expect: TD203, TD203
        return torch.cat([left, right], 1)


@model
def type_dataclass_in_and_out():
    """An unregistered dataclass goes in, another one comes out."""
    return Classifier(), (Request(torch.tensor([[1, 2, 3]]), torch.ones(1, 3)),)


@dataclass
class Request:
    ids: torch.Tensor
    mask: torch.Tensor


@dataclass
class Reply:
    logits: torch.Tensor


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(8, 4)

    def forward(self, request):  # expect: TD501
        pooled = (self.embedding(request.ids) * request.mask[..., None]).sum(1)
        return Reply(pooled)  # expect: TD502


@model
def type_namespace():
    """A namespace as output, and an object in a list as input."""
    return CollectInNamespace(), ([Item(torch.ones(2)), Item(torch.zeros(2))],)


class Item:
    def __init__(self, value):
        self.value = value


class CollectInNamespace(torch.nn.Module):
    def forward(self, items):  # expect: TD501
        values = torch.stack([item.value for item in items])
        return SimpleNamespace(mean=values.mean(0), best=values.amax(0))  # expect: TD502


@model
def type_of_input():
    """A plain class as an input."""
    return Sum(), (Batch(torch.ones(3), torch.ones(3)),)


class Batch:
    def __init__(self, left, right):
        self.left = left
        self.right = right


class Sum(torch.nn.Module):
    def forward(self, batch):  # expect: TD501
        return batch.left + batch.right


@model
def type_of_output():
    """A plain class as the output, made first and returned later."""
    return Scorer(), (torch.ones(3),)


class Result:
    def __init__(self, scores):
        self.scores = scores


class Scorer(torch.nn.Module):
    def forward(self, x):
        result = Result(x * 2)
        result.scores = result.scores.softmax(-1)
        return result  # expect: TD502


@model
def type_two_outputs():
    """Two unregistered classes in one output."""
    return Detector(), (torch.ones(3, 5),)


class Boxes:
    def __init__(self, corners):
        self.corners = corners


class Scores:
    def __init__(self, values):
        self.values = values


class Detector(torch.nn.Module):
    def forward(self, x):
        return Boxes(x[:, :4]), Scores(x[:, 4])  # expect: TD502, TD502
