"""Models without issues: arithmetic on dynamic sizes and sizes that depend on data."""

import logging

import torch

from tests.ledger.registry import model


@model
def clean_derived_dimension():
    """Nothing wrong: a dimension declared as twice another, and the model keeps to it."""
    half = torch.export.Dim("half")
    return Interleave(), (torch.ones(3), torch.ones(6)), {}, {"coarse": {0: half}, "fine": {0: 2 * half}}


class Interleave(torch.nn.Module):
    def forward(self, coarse, fine):
        return fine + coarse.repeat_interleave(2)


@model
def clean_dim_arithmetic():
    """Nothing wrong: negative dimensions, ranks and counts of elements of dynamic inputs."""
    auto = torch.export.Dim.AUTO
    return Flat(), (torch.ones(3, 4, 5),), {}, {"x": {0: auto, 1: auto}}


class Flat(torch.nn.Module):
    def forward(self, x):
        last = x.dim() - 1
        count = x.numel() / x.shape[last]
        mean = x.sum(dim=tuple(range(last))) / count
        return mean, x.transpose(-1, -2).contiguous().flatten(-2)


@model
def clean_float_arithmetic_on_shapes():
    """Nothing wrong: floats computed from dynamic sizes as factors."""
    auto = torch.export.Dim.AUTO
    shapes = {"query": {1: auto}, "key": {1: auto}}
    return Attention(), (torch.ones(2, 3, 4), torch.ones(2, 5, 4)), {}, shapes


class Attention(torch.nn.Module):
    def forward(self, query, key):
        scale = query.shape[-1] ** -0.5
        share = 1.0 / key.shape[1]
        scores = query @ key.transpose(1, 2) * scale
        return scores.softmax(-1) * (1 - share) + share / (key.shape[1] + 0.5)


@model
def clean_integer_arithmetic_on_shapes():
    """Nothing wrong: halves, products and sums of dynamic sizes as sizes."""
    auto = torch.export.Dim.AUTO
    return Halves(), (torch.ones(5, 7),), {}, {"x": {0: auto, 1: auto}}


class Halves(torch.nn.Module):
    def forward(self, x):
        rows, columns = x.shape
        half = rows // 2
        top, rest = x[:half], x[half:]
        flat = torch.cat([top.reshape(-1), rest.reshape(-1)])
        return flat.view(rows, columns), x.new_zeros(rows + columns, 2)


@model
def clean_interpolated():
    """Nothing wrong: positions resized to the grid of the image, all sizes dynamic but the channels."""
    auto = torch.export.Dim.AUTO
    return Resized(), (torch.rand(2, 2, 6, 7),), {}, {"x": {0: auto, 2: auto, 3: auto}}


class Resized(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.grid = torch.nn.Parameter(torch.ones(1, 2, 4, 4))

    def forward(self, x):
        grid = torch.nn.functional.interpolate(self.grid, size=x.shape[2:], mode="bilinear", align_corners=False)
        return (x + grid).flatten(2).transpose(1, 2)


@model
def clean_length_of_mask():
    """`len` of a tensor is a symbol, as its size is: nothing is assumed."""
    return Count(), (torch.tensor([1.0, -1.0, 2.0]),)


class Count(torch.nn.Module):
    def forward(self, x):
        positive = x[x > 0]
        return x / len(positive)


@model
def clean_positions():
    """Nothing wrong: positions and a causal mask made from a dynamic length."""
    return Positions(), (torch.ones(2, 5, 4),), {}, {"x": {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO(max=64)}}


class Positions(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(64, 4)

    def forward(self, x):
        length = x.shape[1]
        x = x + self.embedding(torch.arange(length, device=x.device))
        mask = torch.full((length, length), float("-inf")).triu(1)
        return (x @ x.transpose(1, 2) + mask).softmax(-1)


@model
def clean_positions_within_range():
    """Nothing wrong: a table of positions is cut to a length whose range was declared."""
    return PositionsWithinRange(), (torch.ones(2, 6, 4),), {}, {"x": {1: torch.export.Dim("length", max=64)}}


class PositionsWithinRange(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.zeros(64, 4))

    def forward(self, x):
        return x + self.table[: x.shape[1]]


@model
def clean_shape_printed():
    """Nothing wrong: shapes and dtypes are no data, printed or not."""
    return Traced(), (torch.ones(2, 3),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Traced(torch.nn.Module):
    def forward(self, x):
        print("shape", x.shape, x.dtype, f"{x.shape[0]} rows")
        logging.getLogger("torchdraft_ledger.off").debug("values %s", x)
        return x * 2


@model
def clean_shared_dimension():
    """Nothing wrong: two inputs share a dimension by name, given as tuples; a third is static."""
    batch = torch.export.Dim("batch", min=2, max=128)
    shapes = ((batch, None), (batch,), (torch.export.Dim.STATIC,))
    return Weighted(), (torch.ones(4, 3), torch.ones(4), torch.ones(3)), {}, shapes


class Weighted(torch.nn.Module):
    def forward(self, x, weights, bias):
        return (x * weights[:, None]).sum(0) + bias


@model
def clean_sizes_from_list():
    """Nothing wrong: lengths as a list, which the graph carries as symbols, split a flat batch into its sequences."""
    return Unflatten(), (torch.ones(10, 2), torch.tensor([3, 5, 2]))


class Unflatten(torch.nn.Module):
    def forward(self, flat, lengths):
        parts = flat.split(lengths.tolist())
        return torch.stack([part.sum(0) for part in parts])


@model
def clean_split_by_list():
    """A tensor split at sizes that are data."""
    return Split(), (torch.tensor([3, 1, 2]), torch.rand(6))


class Split(torch.nn.Module):
    def forward(self, sizes, x):
        first, second, third = x.split(sizes.tolist())
        return first * 2, second + 1, third


@model
def clean_stated_promise():
    """Nothing wrong: a number out of data as a size, with what it promises stated."""
    return Prefix(), (torch.ones(5), torch.tensor(3))


class Prefix(torch.nn.Module):
    def forward(self, x, count):
        count = count.item()
        torch._check(count >= 0)
        torch._check(count <= x.shape[0])
        return x[:count] * 2, x.new_zeros(count)


@model
def clean_mask_without_branch():
    """Nothing wrong: a result whose size is data, which no Python asks for."""
    return Keep(), (torch.tensor([1.0, -1.0, 2.0]),)


class Keep(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        return kept * 2, kept.sum()


@model
def clean_where_of_mask():
    """Indices of a mask by `where` and by `nonzero`: how many there are, and whether there are any, nobody asks."""
    return Kept().eval(), (torch.rand(4, 3), torch.tensor([True, False, True, True]))


class Kept(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(3, 1, batch_first=True)

    def forward(self, x, mask):
        (found,) = torch.where(mask)
        again = mask.nonzero().squeeze(1)
        rows = x[found][None]
        return self.attention(rows, rows, rows)[0], x.index_select(0, again) * 2


@model
def clean_rows_written_by_mask():
    """Rows written where a mask says so, and both halves put together again."""
    return HalvesByMask(), (torch.rand(4, 3), torch.tensor([True, False, True, True]))


class HalvesByMask(torch.nn.Module):
    def forward(self, x, mask):
        written = torch.zeros_like(x)
        written[mask] = x[mask] * 2
        written[~mask] = 1
        return torch.cat([x[mask], x[~mask]]), written


@model
def clean_masked_mean():
    """Nothing wrong: lengths become a mask instead of a size."""
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    shapes = {"x": {0: batch, 1: length}, "lengths": {0: batch}}
    return Mean(), (torch.ones(3, 5, 2), torch.tensor([3, 5, 2])), {}, shapes


class Mean(torch.nn.Module):
    def forward(self, x, lengths):
        mask = torch.arange(x.shape[1])[None] < lengths[:, None]
        total = (x * mask[..., None]).sum(1)
        return total / mask.sum(1, keepdim=True).clamp(min=1)


@model
def clean_list_of_floats():
    """Nothing wrong: floats as a Python list, summed in Python; the graph carries each as a symbol."""
    return Weights(), (torch.ones(3), torch.tensor([0.2, 0.3, 0.1]))


class Weights(torch.nn.Module):
    def forward(self, x, weights):
        total = sum(weights.tolist())
        return x * weights / total


@model
def clean_reused_number():
    """Nothing wrong: a number out of data as a factor, an offset and an exponent."""
    return Scale(), (torch.ones(3), torch.tensor(4))


class Scale(torch.nn.Module):
    def forward(self, x, step):
        step = step.item()
        rate = 0.1 * 0.5 ** (step / 10)
        return x * rate + step


@model
def clean_tried_on_unknown_size():
    """Operations on as many rows as are kept, in a `try`: none of them needs to know how many there are."""
    return Aggregate(), (torch.rand(8, 3), torch.arange(8) % 3 > 0)


class Aggregate(torch.nn.Module):
    def forward(self, x, keep):
        rows = x[keep]
        try:
            index = torch.arange(rows.shape[0]).view(-1, 1).expand_as(rows)
        except RuntimeError as error:
            raise ValueError("rows that do not fit") from error
        return torch.zeros(8, 3).scatter_add(0, index % 8, rows)


@model
def clean_branch_on_static_size():
    """Nothing wrong: Python decides by sizes and settings that nobody asked to be dynamic."""
    return Fit(), (torch.ones(3, 5),), {}, {"x": {0: torch.export.Dim.AUTO}}


class Fit(torch.nn.Module):
    def __init__(self, mode="mean"):
        super().__init__()
        self.mode = mode

    def forward(self, x):
        if x.shape[1] % 2:
            x = torch.nn.functional.pad(x, (0, 1))
        assert x.dim() == 2, f"two dimensions, not {x.shape}"
        assert x.is_floating_point(), f"floats, not {x.dtype}"
        return x.mean(1) if self.mode == "mean" else x.amax(1)


@model
def clean_convolution_pyramid():
    """Nothing wrong: strided convolutions and interpolation back to the input's size, which is dynamic."""
    auto = torch.export.Dim.AUTO
    return Pyramid(), (torch.rand(2, 3, 8, 9),), {}, {"x": {0: auto, 2: auto, 3: auto}}


class Pyramid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.down = torch.nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = torch.nn.Conv2d(4, 3, 1)

    def forward(self, x):
        small = self.down(x).relu()
        back = torch.nn.functional.interpolate(self.up(small), size=x.shape[-2:], mode="nearest")
        return x + back


@model
def clean_flatten_head():
    """Nothing wrong: a convolutional classifier with a dynamic batch, pooled, flattened, its size checked."""
    return Classifier(), (torch.rand(2, 3, 8, 8),), {}, {"x": {0: torch.export.Dim("batch")}}


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.GroupNorm(2, 4), torch.nn.ReLU())
        self.head = torch.nn.Linear(4, 2)

    def forward(self, x):
        x = torch.nn.functional.adaptive_avg_pool2d(self.features(x), 1).flatten(1)
        assert x.shape[1] == self.head.in_features
        return self.head(x)


@model
def clean_graph_layer():
    """Nothing wrong: messages gathered and added by index, the number of nodes taken from the features."""
    auto = torch.export.Dim.AUTO
    args = (torch.rand(4, 2), torch.tensor([[0, 1, 2], [1, 2, 3]]))
    return Messages(), args, {}, {"nodes": {0: auto}, "edges": {1: auto}}


class Messages(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 2)

    def forward(self, nodes, edges):
        source, target = edges[0], edges[1]
        messages = self.linear(torch.cat([nodes[source], nodes[target]], 1)).relu()
        out = nodes.new_zeros(nodes.shape[0], 2).index_add(0, target, messages)
        degree = torch.zeros(nodes.shape[0]).scatter_add(0, target, torch.ones_like(target, dtype=torch.float))
        return out / degree.clamp(min=1)[:, None]
