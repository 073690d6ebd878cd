"""Dimensions left to the tracer (`Dim.AUTO`) that the model fixes or narrows."""

import torch

from tests.ledger.registry import model


@model
def auto_broadcast_of_two():
    """A dimension that has to be the same as another input's, and one that the model narrows, on one line."""
    auto = torch.export.Dim.AUTO
    return Blend(), (torch.ones(3, 4), torch.ones(3, 6)), {}, {"base": {0: auto}, "top": {0: auto, 1: auto}}


class Blend(torch.nn.Module):
    def forward(self, base, top):
        return base + top[:, :4]  # expect: TD202, TD202


@model
def auto_compared_dimensions():
    """A branch on which of two dimensions is longer."""
    auto = torch.export.Dim.AUTO
    return Tall(), (torch.ones(5, 3),), {}, {"x": {0: auto, 1: auto}}


class Tall(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > x.shape[1]:  # expect: TD202
            x = x.T
        return x.cumsum(0)


@model
def auto_divisible():
    """Splitting the channels into groups of a size that an attribute gives."""
    return Groups(4), (torch.ones(2, 12),), {}, {"x": {1: torch.export.Dim.AUTO}}


class Groups(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        return x.unflatten(1, (-1, self.size)).mean(1)  # expect: TD202


@model
def auto_empty_check():
    """A guard against empty batches: sizes for which it decides otherwise are refused."""
    return Safe(), (torch.ones(4, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Safe(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] == 0:  # expect: TD202
            return x.new_zeros(3)
        return x.mean(0)


@model
def auto_filled_table():
    """A table of a fixed number of rows is filled from the input; the number stands on another line."""
    return Fill(6), (torch.ones(6, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Fill(torch.nn.Module):
    def __init__(self, rows):
        super().__init__()
        self.rows = rows

    def forward(self, x):
        table = x.new_zeros(self.rows, 3)
        table[:] = x  # expect: TD202
        return table.cumsum(0)


@model
def auto_fixed_by_parameter():
    """A learned offset per row fixes the batch."""
    return Offsets(), (torch.ones(6, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Offsets(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.offsets = torch.nn.Parameter(torch.zeros(6, 3))

    def forward(self, x):
        return x + self.offsets  # expect: TD202


@model
def auto_in_closure():
    """The size is read in a nested function; the same assumption is made twice."""
    return Tiles(), (torch.ones(2, 9),), {}, {"x": {1: torch.export.Dim.AUTO}}


class Tiles(torch.nn.Module):
    def forward(self, x):
        def fold(part):
            if part.shape[1] >= 8:  # expect: TD202
                return part.mean(0)
            return part.sum(0)

        return fold(x) + fold(x * 2)


@model
def auto_in_shapes_collection():
    """Dynamic shapes given as a `ShapesCollection`."""
    left, right = torch.ones(3), torch.ones(5, 3)
    shapes = torch.export.ShapesCollection()
    shapes[left] = (torch.export.Dim.AUTO,)
    shapes[right] = (torch.export.Dim.AUTO, None)
    return Weighted(), ({"left": left, "right": right},), {}, shapes


class Weighted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.ones(3))

    def forward(self, parts):
        return parts["left"] * self.weights + parts["right"].mean(0)  # expect: TD202


@model
def auto_limit_with_message():
    """A limit of the model checked with an error of its own."""
    return Limited(), (torch.ones(2, 5, dtype=torch.int64),), {}, {"ids": {1: torch.export.Dim.AUTO}}


class Limited(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.longest = 10
        self.positions = torch.nn.Embedding(10, 4)

    def forward(self, ids):
        if ids.shape[1] > self.longest:  # expect: TD202
            raise ValueError(f"at most {self.longest} tokens, not {ids.shape[1]}")
        return self.positions(torch.arange(ids.shape[1])) + ids[..., None]


@model
def auto_list_tied():
    """Tensors of a list put side by side: their rows have to be as many."""
    auto = torch.export.Dim.AUTO
    return Joined(), ([torch.rand(6, 4), torch.rand(6, 2)],), {}, {"parts": [{0: auto}, {0: auto}]}


class Joined(torch.nn.Module):
    def forward(self, parts):
        return torch.cat(parts, 1)  # expect: TD202


@model
def auto_made_a_number():
    """A loop over a size fixes it; `int` of the size does not."""
    return Positions(), (torch.ones(2, 5),), {}, {"x": {1: torch.export.Dim.AUTO}}


class Positions(torch.nn.Module):
    def forward(self, x):
        length = int(x.shape[1])
        positions = torch.tensor([index / length for index in range(length)])  # expect: TD202
        return x + positions


@model
def auto_narrowed():
    """A branch on a size left to the tracer narrows its range."""
    return Chunked(), (torch.ones(7, 2),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Chunked(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 4:  # expect: TD202
            return torch.cat([x[:4].tanh(), x[4:]])
        return x.tanh()


@model
def auto_pad_to_multiple():
    """Pads the length to a multiple of four where that is needed."""
    return Padded(), (torch.ones(2, 6),), {}, {"x": {1: torch.export.Dim.AUTO}}


class Padded(torch.nn.Module):
    def forward(self, x):
        missing = -x.shape[1] % 4
        if missing:  # expect: TD202
            x = torch.nn.functional.pad(x, (0, missing))
        return x.unflatten(1, (-1, 4)).mean(1)


@model
def auto_patches():
    """Images cut into patches of eight: both sides have to be multiples, each is an assumption."""
    auto = torch.export.Dim.AUTO
    return Patches(), (torch.rand(2, 3, 16, 24),), {}, {"image": {0: auto, 2: auto, 3: auto}}


class Patches(torch.nn.Module):
    def forward(self, image):
        batch, channels, height, width = image.shape
        patches = image.reshape(batch, channels, height // 8, 8, width // 8, 8)  # expect: TD202, TD202
        return patches.mean((3, 5))


@model
def auto_python_list_of_rows():
    """Rows handled one by one in Python."""
    return Rows(), (torch.ones(3, 4),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Rows(torch.nn.Module):
    def forward(self, x):
        rows = [row.softmax(0) for row in x]  # expect: TD202
        return torch.stack(rows)


@model
def auto_text_of_size():
    """A size written into a key."""
    return Keyed(), (torch.ones(2, 8),), {}, {"x": {1: torch.export.Dim.AUTO}}


class Keyed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = {"w8": 2.0, "w16": 4.0}

    def forward(self, x):
        return x * self.scales[f"w{x.shape[1]}"]  # expect: TD202


@model
def auto_tied():
    """A matrix product ties the inner dimensions of two inputs to each other."""
    auto = torch.export.Dim.AUTO
    return Project(), (torch.ones(2, 3), torch.ones(3, 5)), {}, {"x": {1: auto}, "weight": {0: auto}}


class Project(torch.nn.Module):
    def forward(self, x, weight):
        return x @ weight  # expect: TD202


@model
def auto_tied_by_assert():
    """An assertion ties the lengths of two inputs, named by keyword."""
    auto = torch.export.Dim.AUTO
    inputs = {"audio": torch.ones(2, 5), "text": torch.ones(2, 5)}
    return Align(), (), inputs, {"audio": {1: auto}, "text": {1: auto}}


class Align(torch.nn.Module):
    def forward(self, *, audio, text):
        assert audio.shape[1] == text.shape[1], "lengths differ"  # expect: TD202
        return audio + text


@model
def auto_tied_by_loss():
    """A loss ties the batch of the predictions to that of the targets."""
    auto = torch.export.Dim.AUTO
    return Loss(), (torch.ones(4, 3), torch.tensor([0, 1, 2, 0])), {}, {"logits": {0: auto}, "target": {0: auto}}


class Loss(torch.nn.Module):
    def forward(self, logits, target):
        logits = logits * 2
        return torch.nn.functional.cross_entropy(logits, target)  # expect: TD202


@model
def auto_two_in_one_condition():
    """One line that asks for both sizes of an input: two assumptions."""
    auto = torch.export.Dim.AUTO
    return LimitedTwice(), (torch.rand(4, 6),), {}, {"x": {0: auto, 1: auto}}


class LimitedTwice(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 3 and x.shape[1] > 4:  # expect: TD202, TD202
            return x * 2
        return x


@model
def auto_two_lines():
    """Two dimensions fixed by two lines."""
    auto = torch.export.Dim.AUTO
    return Grid(), (torch.ones(5, 7),), {}, {"x": {0: auto, 1: auto}}


class Grid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rows = torch.nn.Parameter(torch.zeros(5, 1))
        self.columns = torch.nn.Parameter(torch.zeros(7))

    def forward(self, x):
        x = x + self.rows  # expect: TD202
        return x * self.columns  # expect: TD202


@model
def auto_unpacked():
    """Unpacking a tensor into three names fixes its first dimension."""
    return Mix(), (torch.ones(3, 4),), {}, {"qkv": {0: torch.export.Dim.AUTO}}


class Mix(torch.nn.Module):
    def forward(self, qkv):
        query, key, value = qkv  # expect: TD202
        return query * key + value


@model
def auto_unrolled():
    """A Python loop over a dimension unrolls it."""
    auto = torch.export.Dim.AUTO
    return Recurrent(), (torch.ones(2, 4, 3),), {}, {"x": {0: auto, 1: auto}}


class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = torch.nn.GRUCell(3, 3)

    def forward(self, x):
        state = x.new_zeros(x.shape[0], 3)
        for step in range(x.shape[1]):  # expect: TD202
            state = self.cell(x[:, step], state)
        return state


@model
def auto_zipped():
    """Rows of an input taken one by one by Python."""
    auto = torch.export.Dim.AUTO
    return Products(), (torch.rand(3, 8),), {}, {"x": {0: auto}}


class Products(torch.nn.Module):
    def forward(self, x):
        return torch.stack([left * right for left, right in zip(x, x + 1, strict=True)])  # expect: TD202
