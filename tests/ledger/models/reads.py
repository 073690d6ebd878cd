"""Tensor data that leaves the graph: text, arrays, files, addresses."""

import io
import logging
import pickle
import sys
import zlib

import numpy
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.ledger.registry import model


@model
def read_address():
    """Tells tensors apart by their addresses, as code that shares memory does."""
    return Shared(), (torch.ones(2, 3), torch.ones(2, 3))


class Shared(torch.nn.Module):
    def forward(self, query, key):
        same = query.data_ptr() == key.data_ptr()  # expect: TD103 baked, TD103 baked
        return query * 2 if same else query @ key.T


@model
def read_array_of_dynamic_batch():
    """An array of a batch that was to be dynamic: the values are asserted, and the number of rows is fixed
    with them.
    """
    return Rank(), (torch.tensor([3.0, 1.0, 2.0]),), {}, {"scores": {0: torch.export.Dim.AUTO}}


class Rank(torch.nn.Module):
    def forward(self, scores):
        order = numpy.argsort(scores.numpy())  # expect: TD103, TD202
        return scores[torch.from_numpy(order)]


@model
def read_as_array():
    """NumPy takes the tensor by its array protocol; the outcome comes back as a tensor."""
    return Smooth(), (torch.arange(5.0),)


class Smooth(torch.nn.Module):
    def forward(self, x):
        smooth = numpy.convolve(numpy.asarray(x), [0.25, 0.5, 0.25], mode="same")  # expect: TD103
        return torch.from_numpy(smooth).float() + x


@model
def read_bytes_of_array():
    """A checksum over the bytes of a tensor."""
    return Salted(), (torch.tensor([3, 1, 2]),)


class Salted(torch.nn.Module):
    def forward(self, ids):
        salt = zlib.crc32(ids.numpy().tobytes()) % 7  # expect: TD103
        return ids * 2 + salt


@model
def read_compared_with_copy():
    """More data than is asserted value by value, less than is too large to store."""
    return Histogram(), (torch.arange(256.0).view(1, 16, 16),)


class Histogram(torch.nn.Module):
    def forward(self, image):
        low, high = min(image.flatten().tolist()), 255.0  # expect: TD103
        return (image - low) / (high - low)


@model
def read_for_warning():
    """A message built first and logged later: the text is used, as far as anybody can tell."""
    return Later(), (torch.ones(3),)


WARNINGS = logging.getLogger("torchdraft_ledger.later")
WARNINGS.addHandler(logging.NullHandler())
WARNINGS.propagate = False


class Later(torch.nn.Module):
    def forward(self, x):
        message = f"range {x.min()} to {x.max()}"  # expect: TD103, TD103
        if len(message) > 1000:
            WARNINGS.info(message)
        return x * 2


@model
def read_in_layers():
    """A debug print in each layer of a stack: one note with a count."""
    return torch.nn.Sequential(*(Layer() for _ in range(3))), (torch.ones(1, 2),)


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 2)

    def forward(self, x):
        x = self.linear(x)
        print(x.mean())  # expect: TD103 note x3
        return x


@model
def read_in_loop():
    """The same read in every turn: one issue with a count."""
    return Steps(), (torch.tensor([3.0, 1.0, 2.0]),)


class Steps(torch.nn.Module):
    def forward(self, x):
        for _ in range(4):
            order = numpy.argsort(x.numpy())  # expect: TD103 x4
            x = x[torch.from_numpy(order)] * 0.5
        return x


@model
def read_logged():
    """A log line formats a tensor deep inside the logging package; the line of interest is the model's."""
    return Watched(), (torch.tensor([1.0, -2.0]),)


LOG = logging.getLogger("torchdraft_ledger")
LOG.addHandler(logging.StreamHandler(io.StringIO()))
LOG.propagate = False


class Watched(torch.nn.Module):
    def forward(self, x):
        peak = x.abs().max()
        LOG.warning("peak %s", peak)  # expect: TD103 note
        return x / peak


@model
def read_numpy_median():
    """A statistic computed by NumPy."""
    return Center(), (torch.tensor([1.0, 2.0, 5.0]),)


class Center(torch.nn.Module):
    def forward(self, x):
        middle = numpy.median(x.detach().numpy())  # expect: TD103
        return x - float(middle)


@model
def read_packed_lengths():
    """Packing sequences for an LSTM reads their lengths on the host."""
    return Encoder(), (torch.ones(3, 5, 3), torch.tensor([2, 5, 3]))


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)  # expect: TD103
        out, _ = self.lstm(packed)  # expect: TD103 note
        return pad_packed_sequence(out, batch_first=True)[0]  # expect: TD103 note


@model
def read_pickled():
    """A tensor through pickle, as some caches store it."""
    return Stored(), (torch.ones(3),)


class Stored(torch.nn.Module):
    def forward(self, x):
        kept = pickle.loads(pickle.dumps(x * 2))  # expect: TD103
        return kept + 1


@model
def read_printed():
    """A print left over from debugging: it read data and changed nothing."""
    return Noisy(), (torch.ones(3),)


class Noisy(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        print("activations:", y)  # expect: TD103 note
        return y + 1


@model
def read_printed_number():
    """A number taken with `item` that is only printed: a read too, though no condition asks for it."""
    return NoisyNumber(), (torch.ones(3),)


class NoisyNumber(torch.nn.Module):
    def forward(self, x):
        loss = x.square().mean()
        print(f"loss {loss.item():.3f}")  # expect: TD103 note
        return loss


@model
def read_saved():
    """A snapshot of a tensor written to a buffer in memory."""
    return Snapshot(), (torch.ones(2),)


class Snapshot(torch.nn.Module):
    def forward(self, x):
        buffer = io.BytesIO()
        torch.save(x, buffer)  # expect: TD103
        return x * len(buffer.getvalue())


@model
def read_sorted_by_numpy():
    """An order computed by NumPy's `lexsort` from two tensors."""
    return Order(), (torch.tensor([1, 0, 1]), torch.tensor([2, 1, 0]))


class Order(torch.nn.Module):
    def forward(self, row, column):
        order = numpy.lexsort((column.numpy(), row.numpy()))  # expect: TD103, TD103
        return row[torch.from_numpy(order)] * 10 + column


@model
def read_text_steers():
    """A text made of a tensor decides: its length is used."""
    return Hash(), (torch.tensor([1.0, 2.0]),)


class Hash(torch.nn.Module):
    def forward(self, x):
        tag = f"{x}"  # expect: TD103
        return x * len(tag)


@model
def read_then_branch():
    """An array from a tensor steers Python: the read is the assumption, what Python does with the array is no other."""
    return Anchors(), (torch.tensor([[0.0, 1.0, 12.0, 3.0]]),)


class Anchors(torch.nn.Module):
    def forward(self, boxes):
        corners = boxes.numpy()  # expect: TD103
        if corners[:, 2].max() > 10 and corners.min() >= 0:
            return boxes / 10
        return boxes


@model
def read_too_large():
    """An array too large to store: nothing can be asserted of it."""
    return Whiten(), (torch.ones(2, 2_200_000),)


class Whiten(torch.nn.Module):
    def forward(self, x):
        spread = numpy.percentile(x.numpy(), 99)  # expect: TD103 baked
        return x[:, :4] / float(spread)


@model
def read_two_arrays_on_one_line():
    """Two tensors read on one line are two reads."""
    return Correlate(), (torch.tensor([1.0, 2.0, 4.0]), torch.tensor([2.0, 3.0, 9.0]))


class Correlate(torch.nn.Module):
    def forward(self, left, right):
        table = numpy.corrcoef(left.numpy(), right.numpy())  # expect: TD103, TD103
        return left * float(table[0, 1])


@model
def read_written_to_stdout():
    """Progress written with `write`."""
    return Progress(), (torch.ones(3),)


class Progress(torch.nn.Module):
    def forward(self, x):
        loss = x.mean()
        sys.stdout.write(f"loss {loss}\n")  # expect: TD103 note
        return loss


@model
def read_layout_of_input():
    """A layer that takes a shorter way for contiguous memory: the strides of the example are asserted."""
    return Flattens(), (torch.ones(2, 3, 4),)


class Flattens(torch.nn.Module):
    def forward(self, x):
        if x.is_contiguous():  # expect: TD104
            return x.view(-1) * 2
        return x.flatten() * 2
