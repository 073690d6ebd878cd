"""Numbers read from tensors that become sizes, indices and loop counts."""

from collections import Counter

import torch

from tests.ledger.registry import model


@model
def size_and_branch():
    """A size and a branch on one line, in a function of a submodule."""
    return Net(), (torch.ones(6), torch.tensor(2))


class Window(torch.nn.Module):
    def forward(self, x, offset):
        return x[int(offset) :] if x.mean() > 0 else x  # expect: TD101


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.window = Window()

    def forward(self, x, offset):
        return self.window(x * 2, offset) + 1


@model
def size_attribute_by_number():
    """A layer looked up by a name that holds a number from the input."""
    return Routes(), (torch.ones(1, 2), torch.tensor(1))


class Routes(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.route_0 = torch.nn.Linear(2, 2)
        self.route_1 = torch.nn.Linear(2, 2)

    def forward(self, x, route):
        layer = getattr(self, f"route_{int(route)}")  # expect: TD102
        return layer(x)


@model
def size_batch_of_lists():
    """Lengths read into Python numbers by a comprehension over `tolist`, used as sizes of zeros."""
    return Zeros(), (torch.ones(3), torch.tensor([1, 3]))


class Zeros(torch.nn.Module):
    def forward(self, x, lengths):
        pads = [torch.zeros(4 - int(n)) for n in lengths.tolist()]
        return torch.cat([x, *pads])


@model
def size_counted_labels():
    """Labels counted in a dictionary: each is hashed."""
    return Balance(), (torch.ones(4), torch.tensor([0, 1, 1, 2]))


class Balance(torch.nn.Module):
    def forward(self, losses, labels):
        counts = Counter(labels.tolist())  # expect: TD102 x4
        return losses.sum() / len(counts)


@model
def size_grid_from_shape_tensor():
    """A target size given as a tensor, as exported detectors do."""
    return Resize(), (torch.rand(1, 1, 4, 4), torch.tensor([6, 5]))


class Resize(torch.nn.Module):
    def forward(self, image, size):
        height, width = size.tolist()
        return torch.nn.functional.interpolate(image, size=(int(height), int(width)))


@model
def size_head_index():
    """Picks one of several heads by a number in the input."""
    return MultiTask(), (torch.ones(2, 3), torch.tensor(1))


class MultiTask(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = torch.nn.ModuleList(torch.nn.Linear(3, 2) for _ in range(3))

    def forward(self, x, task):
        return self.heads[int(task)](x)  # expect: TD102


@model
def size_in_comprehension():
    """Python numbers of every entry, in a comprehension."""
    return Ragged(), (torch.ones(3, 6), torch.tensor([3, 5, 4]))


class Ragged(torch.nn.Module):
    def forward(self, x, lengths):
        rows = [row[: int(length)].mean() for row, length in zip(x, lengths, strict=True)]
        return torch.stack(rows)


@model
def size_index_of_list():
    """A tensor as the index of a Python list."""
    return Choose(), (torch.ones(3), torch.tensor(2))


class Choose(torch.nn.Module):
    def forward(self, x, which):
        factors = [0.5, 1.0, 2.0]
        return x * factors[which]  # expect: TD102


@model
def size_int_of_float():
    """A count computed in floats."""
    return Sparsify(), (torch.tensor([1.5, 1.0]),)


class Sparsify(torch.nn.Module):
    def forward(self, x):
        keep = int(x.abs().sum().item()) + 1
        return torch.zeros(keep) + x[0]


@model
def size_longest_sequence():
    """Cuts the padding off, at the longest length: a number that stays symbolic."""
    return Trim(), (torch.ones(2, 6), torch.tensor([3, 5]))


class Trim(torch.nn.Module):
    def forward(self, x, lengths):
        longest = int(lengths.max())
        return x[:, :longest].mean(1)


@model
def size_loop_count():
    """Runs a number of steps that the input gives."""
    return Diffuse(), (torch.arange(5.0), torch.tensor(3))


class Diffuse(torch.nn.Module):
    def forward(self, x, steps):
        for _ in range(int(steps)):  # expect: TD102
            x = x + 0.1 * (x.roll(1, -1) - x)
        return x


@model
def size_loop_over_nonzero():
    """Iterates over indices found in data: the loop is unrolled as often as the example has them."""
    return Spread(), (torch.tensor([1.0, -1.0, 2.0]),)


class Spread(torch.nn.Module):
    def forward(self, x):
        out = torch.zeros_like(x)
        for (index,) in (x > 0).nonzero():  # expect: TD102
            out = out + x * index
        return out


@model
def size_match_statement():
    """`match` on a Python number made of a tensor."""
    return Activation(), (torch.ones(3), torch.tensor(1))


class Activation(torch.nn.Module):
    def forward(self, x, kind):
        match int(kind):
            case 0:  # expect: TD101
                return x.relu()
            case 1:  # expect: TD101
                return x.tanh()
            case _:
                return x


@model
def size_range_of_item():
    """A loop that runs as often as a tensor says."""
    return Repeat(), (torch.ones(2), torch.tensor(3))


class Repeat(torch.nn.Module):
    def forward(self, x, count):
        rows = [x * index for index in range(count.item())]  # expect: TD102
        return torch.stack(rows)


@model
def size_scatter_target():
    """The number of groups is the greatest index and one, as in graph libraries."""
    return Scatter(), (torch.ones(4, 2), torch.tensor([0, 2, 1, 2]))


class Scatter(torch.nn.Module):
    def forward(self, values, index):
        groups = int(index.max()) + 1
        out = values.new_zeros(groups, values.shape[1])
        return out.index_add(0, index, values)


@model
def size_select_from_list():
    """A function chosen from a list by a tensor."""
    return Chosen(), (torch.ones(3), torch.tensor(1))


class Chosen(torch.nn.Module):
    def forward(self, x, kind):
        function = [torch.sin, torch.cos][kind]  # expect: TD102
        return function(x)


@model
def size_str_of_number():
    """A file name made from a step number picks a table."""
    return Table(), (torch.ones(2), torch.tensor(3))


TABLES = {"step-3": 0.5, "step-4": 0.25}


class Table(torch.nn.Module):
    def forward(self, x, step):
        return x * TABLES["step-" + str(step.item())]  # expect: TD102


@model
def size_topk():
    """Keeps a share of the tokens. What is rounded is still a symbol."""
    return Prune(), (torch.arange(8.0), torch.tensor(0.5))


class Prune(torch.nn.Module):
    def forward(self, scores, share):
        keep = round(share.item() * 8)
        return scores.topk(keep).values


@model
def size_two_on_one_line():
    """Crops by two numbers of one box."""
    return Crop(), (torch.rand(3, 8, 8), torch.tensor(5), torch.tensor(4))


class Crop(torch.nn.Module):
    def forward(self, image, height, width):
        return image[:, : int(height), : int(width)]


@model
def size_window_of_two():
    """Start and length of a window, both from one tensor, unpacked."""
    return WindowOfTwo(), (torch.arange(6.0), torch.tensor([1, 3]))


class WindowOfTwo(torch.nn.Module):
    def forward(self, x, bounds):
        start, length = (int(bound) for bound in bounds)
        return x[start : start + length] * 2
