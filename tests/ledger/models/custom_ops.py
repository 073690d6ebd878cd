"""Custom operators: fake kernels that are missing or wrong."""

import torch

from tests.ledger.registry import model


@model
def op_data_dependent_without_fake():
    """An operator without a fake kernel whose output size is data, and a branch on that size."""
    return Detector(), (torch.ones(3, 4), torch.tensor([0.9, 0.1, 0.8]))


@torch.library.custom_op("torchdraft_ledger::keep", mutates_args=())
def keep(scores: torch.Tensor) -> torch.Tensor:
    return (scores > 0.5).nonzero()[:, 0]


class Detector(torch.nn.Module):
    def forward(self, boxes, scores):
        kept = keep(scores)  # expect: TD301
        if kept.shape[0] == 0:  # expect: TD101
            return boxes[:1] * 0
        return boxes[kept]


@model
def op_fake_of_wrong_dtype():
    """The fake kernel forgot that the real one widens."""
    return Widen(), (torch.ones(3),)


@torch.library.custom_op("torchdraft_ledger::widen", mutates_args=())
def widen(x: torch.Tensor) -> torch.Tensor:
    return x.double()


@widen.register_fake
def _(x):
    return torch.empty_like(x)


class Widen(torch.nn.Module):
    def forward(self, x):
        return widen(x) + 1  # expect: TD302


@model
def op_fake_of_wrong_rank():
    """The fake kernel keeps a dimension that the real one drops."""
    return PoolByOp(), (torch.ones(2, 3, 4),)


@torch.library.custom_op("torchdraft_ledger::pool", mutates_args=())
def pool(x: torch.Tensor) -> torch.Tensor:
    return x.amax(1)


@pool.register_fake
def _(x):
    return x.new_empty(x.shape[0], 1, x.shape[2])


class PoolByOp(torch.nn.Module):
    def forward(self, x):
        return pool(x) * 2  # expect: TD302


@model
def op_fake_of_wrong_size():
    """The fake kernel says that nothing is cut off; the shapes that follow are wrong with it."""
    return ValidPart(), (torch.ones(2, 6),)


@torch.library.custom_op("torchdraft_ledger::valid", mutates_args=())
def valid(x: torch.Tensor, width: int) -> torch.Tensor:
    return x.unfold(-1, width, 1).mean(-1)


@valid.register_fake
def _(x, width):
    return torch.empty_like(x)


class ValidPart(torch.nn.Module):
    def forward(self, x):
        x = valid(x, 3)  # expect: TD302
        return x.flatten()


@model
def op_missing_and_wrong():
    """One operator without a fake kernel and one with a wrong one, on one line."""
    return Codec(), (torch.ones(3),)


@torch.library.custom_op("torchdraft_ledger::encode", mutates_args=())
def encode(x: torch.Tensor) -> torch.Tensor:
    return x * 2


@torch.library.custom_op("torchdraft_ledger::decode", mutates_args=())
def decode(x: torch.Tensor) -> torch.Tensor:
    return x.to(torch.int64)


@decode.register_fake
def _(x):
    return torch.empty_like(x, dtype=torch.int32)


class Codec(torch.nn.Module):
    def forward(self, x):
        return decode(encode(x))  # expect: TD301, TD302


@model
def op_of_other_stride():
    """A fake kernel that is right but for the layout of what comes out."""
    return Swapped(), (torch.ones(2, 3),)


@torch.library.custom_op("torchdraft_ledger::swapped", mutates_args=())
def swapped(x: torch.Tensor) -> torch.Tensor:
    return (x * 1).t()


@swapped.register_fake
def _(x):
    return x.new_empty(x.shape[1], x.shape[0])


class Swapped(torch.nn.Module):
    def forward(self, x):
        return swapped(x) @ x  # expect: TD302


@model
def op_two_results_wrong():
    """A fake kernel that forgets that the second result counts."""
    return PeaksByOp(), (torch.arange(6.0).view(2, 3),)


@torch.library.custom_op("torchdraft_ledger::peaks", mutates_args=())
def peaks(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    values, places = x.max(-1)
    return values, places


@peaks.register_fake
def _(x):
    return x.new_empty(x.shape[:-1]), x.new_empty(x.shape[:-1])


class PeaksByOp(torch.nn.Module):
    def forward(self, x):
        values, places = peaks(x)  # expect: TD302
        return values, places + 1


@model
def op_without_fake():
    """A custom operator nobody wrote a fake kernel for."""
    return SmoothByOp(), (torch.ones(2, 3),)


@torch.library.custom_op("torchdraft_ledger::smooth", mutates_args=())
def smooth(x: torch.Tensor) -> torch.Tensor:
    return x.cumsum(-1) / 2


class SmoothByOp(torch.nn.Module):
    def forward(self, x):
        return smooth(x * 2) + 1  # expect: TD301


@model
def op_without_fake_dynamic():
    """An operator without a fake kernel between layers of a model with a dynamic batch."""
    return Blur(), (torch.ones(3, 4),), {}, {"x": {0: torch.export.Dim("batch")}}


@torch.library.custom_op("torchdraft_ledger::blur", mutates_args=())
def blur(x: torch.Tensor, strength: float) -> torch.Tensor:
    return x * (1 - strength) + x.roll(1, -1) * strength


class Blur(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(4, 4)
        self.second = torch.nn.Linear(4, 2)

    def forward(self, x):
        x = self.first(x)
        x = blur(x, 0.5)  # expect: TD301
        return self.second(x)


@model
def op_without_fake_in_layers():
    """An operator defined through `torch.library.Library`, in every layer of a stack."""
    return torch.nn.Sequential(*(Layer() for _ in range(3))), (torch.ones(2, 3),)


LIBRARY = torch.library.Library("torchdraft_ledger_lib", "DEF")
LIBRARY.define("gate(Tensor x, float slope) -> Tensor")
LIBRARY.impl("gate", lambda x, slope: x * (x > 0) * slope, "CPU")


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        return torch.ops.torchdraft_ledger_lib.gate(self.linear(x), 0.5)  # expect: TD301 x3


@model
def op_without_fake_twice():
    """The same operator on two lines."""
    return SharpenTwice(), (torch.ones(2, 3),)


@torch.library.custom_op("torchdraft_ledger::sharpen", mutates_args=())
def sharpen(x: torch.Tensor) -> torch.Tensor:
    return x * x.abs()


class SharpenTwice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        x = sharpen(x)  # expect: TD301
        x = self.linear(x)
        return sharpen(x)  # expect: TD301


@model
def op_writes_input():
    """A custom operator that writes to the model's input, as it declares."""
    return HalveInPlace(), (torch.ones(3),)


@torch.library.custom_op("torchdraft_ledger::halve_", mutates_args=("x",))
def halve_(x: torch.Tensor) -> None:
    x.mul_(0.5)


class HalveInPlace(torch.nn.Module):
    def forward(self, x):
        halve_(x)  # expect: TD401
        return x + 1
