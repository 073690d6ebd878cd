"""Models without issues: Python features and control flow that a trace captures."""

import enum
import warnings
from dataclasses import dataclass

import torch
from torch.utils.checkpoint import checkpoint

from tests.ledger.registry import model


@model
def clean_cond():
    """Nothing wrong: `torch.cond` keeps both paths."""
    return Gate(), (torch.ones(3),)


class Gate(torch.nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: x.sin(), lambda x: x.cos(), (x,))


@model
def clean_cond_of_two_shapes():
    """Nothing wrong: branches whose sizes differ give one output of a size that only a run knows."""
    return Pad(), (torch.ones(3),)


class Pad(torch.nn.Module):
    def forward(self, x):
        y = torch.cond(
            x.mean() > 0,
            lambda x: x.repeat(2),
            lambda x: x * 3,
            (x,),
        )
        return y + 1


@model
def clean_cond_with_captures():
    """Nothing wrong: branches that use tensors and layers from around them."""
    return Route(), (torch.ones(2, 3),)


class Route(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fast = torch.nn.Linear(3, 3)
        self.slow = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh())

    def forward(self, x):
        bias = x.mean()
        return torch.cond(x.sum() > 0, lambda x: self.fast(x) + bias, lambda x: self.slow(x) - bias, (x,))


@model
def clean_builtin_max():
    """Nothing wrong: Python's `max` of two tensors, which the tracer knows as an operation."""
    return Margin(), (torch.ones(3), torch.zeros(3))


class Margin(torch.nn.Module):
    def forward(self, near, far):
        widest = max(near.abs().sum(), far.abs().sum())
        return (near - far) / widest


@model
def clean_caught_without_tensors():
    """Nothing wrong: exceptions of plain Python, raised and caught, that no input changes."""
    return Lookup(), (torch.ones(3),)


class Lookup(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = {"wide": 2.0}

    def forward(self, x):
        try:
            scale = self.scales["narrow"]
        except KeyError:
            scale = 1.0
        offset = getattr(self, "offset", None)
        return x * scale if offset is None else x + offset


@model
def clean_lookup_failed():
    """Exceptions that have nothing to do with tensors: a key that is missing, a `finally`."""
    return Looks(), (torch.ones(3),)


class Looks(torch.nn.Module):
    def forward(self, x):
        try:
            factor = {"a": 1}["b"]
        except KeyError:
            factor = 3
        finally:
            x = x + 1
        return x * factor


@model
def clean_contexts():
    """Nothing wrong: no_grad, autocast and checkpointing."""
    return Mixed(), (torch.ones(2, 3),)


class Mixed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(3, 3)
        self.second = torch.nn.Linear(3, 3)

    def forward(self, x):
        with torch.no_grad():
            x = x / 2
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = self.first(x)
        return checkpoint(self.second, x.float(), use_reentrant=False)


@model
def clean_containers():
    """Nothing wrong: nested tuples, lists and dictionaries go in and come out."""
    parts = {"left": [torch.ones(2), torch.ones(2)]}
    return Merge(), (parts,), {"scale": 0.5, "options": {"double": True}}


class Merge(torch.nn.Module):
    def forward(self, parts, *, scale=1.0, options=None):
        total = sum(parts["left"]) * scale
        if options is not None and options.get("double"):
            total = total * 2
        return {"total": total, "parts": [part + 1 for part in parts["left"]], "none": None}


@model
def clean_decorated():
    """Nothing wrong: a forward under `no_grad`, layers in containers, weights tied, a scripted function."""
    return Tied(), (torch.ones(2, 4),)


@torch.no_grad()
def normalized(x):
    return x / x.norm(dim=-1, keepdim=True).clamp(min=1e-6)


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict({"first": torch.nn.Linear(4, 4), "second": torch.nn.Linear(4, 4)})
        self.layers["second"].weight = self.layers["first"].weight
        self.scales = torch.nn.ParameterList([torch.ones(4), torch.ones(4)])

    @torch.no_grad()
    def forward(self, x):
        for scale, layer in zip(self.scales, self.layers.values(), strict=True):
            x = layer(normalized(x)) * scale
        return x


@model
def clean_named_tuple_of_torch():
    """Nothing wrong: named tuples that torch returns are taken apart in the model."""
    return Peaks(), (torch.arange(6.0).view(2, 3),)


class Peaks(torch.nn.Module):
    def forward(self, x):
        values, indices = x.max(1)
        top = x.topk(2)
        return values + top.values.sum(1), indices


@model
def clean_registered_dataclass():
    """Nothing wrong: a dataclass that its library registered."""
    return Swap(), (Batch(torch.ones(3), torch.ones(3)),)


@dataclass
class Batch:
    left: torch.Tensor
    right: torch.Tensor


torch.export.register_dataclass(Batch, serialized_type_name="torchdraft_ledger.Batch")


class Swap(torch.nn.Module):
    def forward(self, batch):
        return Batch(batch.right * 2, batch.left + 1)


@model
def clean_right_fake_kernel():
    """Nothing wrong: operators whose fake kernels say what the real ones do, one with a size that is data."""
    return Net(), (torch.tensor([1.0, -1.0, 2.0]),), {}, {"x": {0: torch.export.Dim.AUTO}}


@torch.library.custom_op("torchdraft_ledger::scaled", mutates_args=())
def scaled(x: torch.Tensor, factor: float) -> torch.Tensor:
    return x * factor


@scaled.register_fake
def _(x, factor):
    return torch.empty_like(x)


@torch.library.custom_op("torchdraft_ledger::found", mutates_args=())
def found(x: torch.Tensor) -> torch.Tensor:
    return (x > 0).nonzero()[:, 0]


@found.register_fake
def _(x):
    return x.new_empty(torch.library.get_ctx().new_dynamic_size(), dtype=torch.int64)


class Net(torch.nn.Module):
    def forward(self, x):
        return scaled(x, 2.0), found(x)


@model
def clean_settings():
    """Nothing wrong: options by keyword, texts and enumerations that no tensor knows of, warnings that never come."""
    return Pool(), (torch.ones(3, 2),), {"kind": "max"}


class Kind(enum.Enum):
    MEAN = "mean"
    MAX = "max"


class Pool(torch.nn.Module):
    def forward(self, x, *, kind="mean", names=("a", "b")):
        if len(names) != x.shape[1]:
            warnings.warn(f"{len(names)} names for {x.shape[1]} columns", stacklevel=2)
        table = {name: x[:, index] for index, name in enumerate(sorted(names))}
        pooled = {name: part.mean() if Kind(kind) is Kind.MEAN else part.max() for name, part in table.items()}
        return {**pooled, "kind": kind}


@model
def clean_static_loops():
    """Nothing wrong: nested loops over settings, layers by name, early `continue` and `break` by configuration."""
    return Pyramid(), (torch.ones(1, 2, 8),)


class Pyramid(torch.nn.Module):
    def __init__(self, levels=3, skip=1):
        super().__init__()
        self.levels, self.skip = levels, skip
        for level in range(levels):
            self.add_module(f"level_{level}", torch.nn.Conv1d(2, 2, 3, padding=1))

    def forward(self, x):
        outputs = {}
        for level in range(self.levels):
            if level == self.skip:
                continue
            x = getattr(self, f"level_{level}")(x).relu()
            outputs[f"p{level}"] = torch.nn.functional.max_pool1d(x, 2)
            if len(outputs) == 2:
                break
        return outputs


@model(strict=True)
def clean_strict():
    """Nothing wrong: strict tracing of a model that Dynamo follows."""
    return Gated(), (torch.ones(2, 3),), {}, {"x": {0: torch.export.Dim("batch")}}


class Gated(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = torch.nn.Linear(3, 3)

    def forward(self, x):
        return x * self.gate(x).sigmoid()


@model
def clean_transforms():
    """Nothing wrong: a function over the rows by `vmap`, and a product of Jacobians."""
    return Rows(), (torch.ones(3, 4), torch.ones(3, 4))


class Rows(torch.nn.Module):
    def forward(self, x, y):
        products = torch.vmap(torch.dot)(x, y)
        _, tangent = torch.func.jvp(torch.sin, (x,), (y,))
        return products, tangent


@model
def clean_where():
    """Nothing wrong: both sides of every choice are in the graph."""
    auto = torch.export.Dim("batch")
    return Huber(), (torch.ones(3), torch.zeros(3)), {}, {"prediction": {0: auto}, "target": {0: auto}}


class Huber(torch.nn.Module):
    def forward(self, prediction, target):
        error = (prediction - target).abs()
        loss = torch.where(error < 1, 0.5 * error**2, error - 0.5)
        return torch.where(loss.sum() > 10, loss.clamp(max=10), loss).mean()


@model
def clean_gradient():
    """Nothing wrong: the gradient of an energy as the output, through `torch.func`."""
    return Force(), (torch.arange(6.0).view(3, 2),)


class Force(torch.nn.Module):
    def energy(self, positions):
        return (positions[:, None] - positions[None]).square().sum().add(1).log()

    def forward(self, positions):
        return -torch.func.grad(self.energy)(positions)
