"""Branches on data: statements and expressions that need the truth value of a tensor or of a number read from one."""

import torch

from tests.ledger.registry import model


@model
def branch_assert_statement():
    """An `assert` of the model's own about data."""
    return Checked(), (torch.ones(3),)


class Checked(torch.nn.Module):
    def forward(self, x):
        assert x.sum() > 0, "positive"  # expect: TD101
        return x * 2


@model
def branch_bool_kept():
    """`bool` makes a truth value of a tensor; what is done with it later asks nothing more."""
    return Mode(), (torch.ones(3), torch.tensor(False))


class Mode(torch.nn.Module):
    def forward(self, x, training):
        training = bool(training)  # expect: TD101
        noise = torch.zeros_like(x) if training else x * 0.1
        if training:
            return x + noise
        return x - noise


@model
def branch_chained_comparison():
    """A chained comparison is two conditions."""
    return Temper(), (torch.arange(6.0).view(2, 3), torch.tensor(0.7))


class Temper(torch.nn.Module):
    def forward(self, logits, temperature):
        if 0 < temperature < 1:  # expect: TD101, TD101
            logits = logits / temperature
        return logits.softmax(-1)


@model
def branch_elif_chain():
    """Dispatch on a number taken out of a tensor with `item`: each comparison is an assumption."""
    return Augment(), (torch.rand(3, 4, 4), torch.tensor(1))


class Augment(torch.nn.Module):
    def forward(self, image, kind):
        kind = kind.item()
        if kind == 0:  # expect: TD101
            return image.flip(-1)
        if kind == 1:  # expect: TD101
            return image.flip(-2)
        return image


@model
def branch_equal_lengths():
    """Lengths from a tensor compared with each other in Python."""
    return Stack(), (torch.ones(2), torch.ones(2), torch.tensor([2, 3]))


class Stack(torch.nn.Module):
    def forward(self, left, right, sizes):
        first, second = sizes.tolist()
        if first == second:  # expect: TD101
            return torch.stack([left, right])
        return torch.cat([left, right])


@model
def branch_loud_batch():
    """Scales a batch down when it is loud."""
    return Pool(), (torch.full((2, 6), 3.0),)


class Pool(torch.nn.Module):
    def forward(self, x):
        if x.abs().max() > 1:  # expect: TD101
            x = x / x.abs().max()
        return x.mean(1)


@model
def branch_match_number():
    """`match` on a number that stays symbolic: each case asks."""
    return Norm(), (torch.tensor([3.0, -4.0]), torch.tensor(2))


class Norm(torch.nn.Module):
    def forward(self, x, kind):
        match kind.item():
            case 1:  # expect: TD101
                return x.abs().sum()
            case 2:  # expect: TD101
                return x.square().sum().sqrt()
            case _:
                return x.abs().max()


@model
def branch_membership():
    """`in` compares with each entry until one fits: one comparison in the source, made twice."""
    return Filter(), (torch.ones(4), torch.tensor(7))


class Filter(torch.nn.Module):
    def forward(self, embedded, token):
        if token.item() in (0, 1):  # expect: TD101 x2
            return torch.zeros_like(embedded)
        return embedded


@model
def branch_numpy_scalar():
    """Code that came from NumPy: `item`, then arithmetic in Python, then a branch on its outcome."""
    return Threshold(), (torch.tensor([1.0, 2.0, 3.0]),)


class Threshold(torch.nn.Module):
    def forward(self, x):
        mean, deviation = x.mean().item(), x.std().item()
        limit = mean + 3 * deviation
        if limit > 10:  # expect: TD101
            limit = 10
        return x.clamp(max=limit)


@model
def branch_on_equal():
    """`torch.equal` and `allclose` as conditions: a comparison used as a truth value, which the graph can compute.

    The page of TD103 names `torch.equal` too; a user thinks of the branch, and nothing but the truth value is read.
    """
    return Kernel(), (torch.ones(2, 3), torch.zeros(2, 3))


class Kernel(torch.nn.Module):
    def forward(self, left, right):
        if torch.equal(left, right):  # expect: TD101
            return left @ left.T
        if left.allclose(right, atol=10.0):  # expect: TD101
            return left @ right.T
        return left @ right.T * 2


@model
def branch_on_masked_size():
    """The number of masked elements is data: a branch on it is a data-dependent one."""
    return MaskedMean(), (torch.tensor([1.0, -1.0, 2.0]),)


class MaskedMean(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        if kept.numel() == 0:  # expect: TD101
            return x.new_zeros(())
        return kept.mean()


@model
def branch_on_norm_of_gradient():
    """A step along the gradient, taken only where it is small enough."""
    return Refine(), (torch.ones(3),)


class Refine(torch.nn.Module):
    def energy(self, x):
        return (x**2).sum() + x.sin().sum()

    def forward(self, x):
        gradient = torch.func.grad(self.energy)(x)
        size = gradient.norm()
        if size < 10.0:  # expect: TD101
            return x - 0.1 * gradient
        return x - gradient / size


@model
def branch_on_parameter():
    """A learned gate decides: the parameter's value steers Python."""
    return ReZero(), (torch.ones(2, 3),)


class ReZero(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = torch.nn.Parameter(torch.tensor(0.5))
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        if self.alpha.item() != 0:  # expect: TD101
            x = x + self.alpha * self.linear(x)
        return x


@model
def branch_over_several_lines():
    """A condition over three lines: each comparison is told on the line it stands on."""
    return Gate(), (torch.ones(2, 3), torch.ones(2, 3, dtype=torch.bool))


class Gate(torch.nn.Module):
    def forward(self, x, mask):
        if (
            x.abs().max() < 100  # expect: TD101
            and mask.float().mean() > 0.5  # expect: TD101
        ):
            return x * mask
        return x


@model
def branch_raise():
    """Validates its input and raises."""
    return Distribution(), (torch.full((2, 4), 0.25),)


class Distribution(torch.nn.Module):
    def forward(self, probabilities):
        if torch.isnan(probabilities).any():  # expect: TD101
            raise ValueError("probabilities hold NaN")
        return -(probabilities * probabilities.log()).sum(-1)


@model
def branch_short_circuit():
    """Only the first operand of an `or` is evaluated on this example: one assumption."""
    return Skip(), (torch.ones(3), torch.tensor(True))


class Skip(torch.nn.Module):
    def forward(self, x, flag):
        if flag or x.sum() > 10:  # expect: TD101
            return x * 2
        return x


@model
def branch_sorted():
    """Sorts rows by a number of each: one comparison in one place, made as often as sorting needs it."""
    return Ranked(), (torch.tensor([[3.0, 1.0], [1.0, 1.0], [2.0, 5.0]]),)


class Ranked(torch.nn.Module):
    def forward(self, rows):
        ordered = sorted(rows.unbind(0), key=lambda row: row.sum())  # expect: TD101
        return torch.stack(ordered)


@model
def branch_spread():
    """Two numbers read with `item`, compared with each other later."""
    return Rescale(), (torch.arange(9.0).view(3, 3),)


class Rescale(torch.nn.Module):
    def forward(self, image):
        low = image.min().item()
        high = image.max().item()
        if low == high:  # expect: TD101
            return torch.zeros_like(image)
        return (image - low) / (high - low)


@model
def branch_ternary():
    """A conditional expression as an argument."""
    return Leaky(), (torch.linspace(-1, 2, 6),)


class Leaky(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.leaky_relu(x, 0.2 if x.mean() > 0 else 0.01)  # expect: TD101


@model
def branch_thresholds():
    """A loop over thresholds: the condition is the same in each turn."""
    return Levels(), (torch.full((4,), 0.6),)


class Levels(torch.nn.Module):
    def forward(self, x):
        level = 0
        for threshold in (0.1, 0.5, 0.9):
            if x.mean() > threshold:  # expect: TD101 x3
                level += 1
        return x * level


@model
def branch_two_on_one_line():
    """A range check: both comparisons are evaluated, and each is an assumption."""
    return Normalize(), (torch.linspace(0, 1, 12).view(1, 3, 2, 2),)


class Normalize(torch.nn.Module):
    def forward(self, image):
        if image.min() < 0 or image.max() > 1:  # expect: TD101, TD101
            image = image.sigmoid()
        return (image - 0.5) / 0.25


@model
def branch_until_converged():
    """An iterative solver that stops early: one assumption, met once per turn (six turns and the one that stops)."""
    return Richardson(), (torch.eye(3) * 1.5, torch.ones(3))


class Richardson(torch.nn.Module):
    def forward(self, a, b):
        x = torch.zeros_like(b)
        for _ in range(50):
            residual = b - a @ x
            if residual.norm() < 1e-3:  # expect: TD101 x7
                break
            x = x + 0.5 * residual
        return x


@model
def branch_walrus():
    """An assignment inside the condition."""
    return Count(), (torch.ones(4), torch.tensor([True, True, False, True]))


class Count(torch.nn.Module):
    def forward(self, x, mask):
        if (count := mask.sum()) > 2:  # expect: TD101
            return x / count
        return x


@model
def branch_while_counts():
    """A `while` that counts up to a number in the input: one question, asked four times."""
    return Power(), (torch.eye(2), torch.tensor(3))


class Power(torch.nn.Module):
    def forward(self, x, steps):
        steps = steps.item()
        step = 0
        while step < steps:  # expect: TD101 x4
            x = x @ x
            step += 1
        return x


@model
def branch_while_loop():
    """Gradient clipping by halving: the condition is asked three times, the last time it is false."""
    return Halve(), (torch.tensor([0.0, 4.0]),)


class Halve(torch.nn.Module):
    def forward(self, gradient):
        while gradient.norm() > 1:  # expect: TD101 x3
            gradient = gradient / 2
        return gradient
