"""Random operations, gradients in forward and function transforms. The generator opens the `with` regions."""

from __future__ import annotations

from ..builder import Builder, is_float, is_matrix
from .registry import feature

REGIONS = {
    "no_grad": "with torch.no_grad():",
    "enable_grad": "with torch.enable_grad():",
    "autocast": "with torch.autocast('cpu', dtype=torch.bfloat16):",
    "autocast_off": "with torch.autocast('cpu', enabled=False):",
}


@feature("random", weight=1.5, picks=(is_float,))
def random_numbers(b: Builder, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(
        f"{one} + torch.rand_like({one})",
        f"{one} * torch.randn({one}.shape[0], *[1] * ({one}.dim() - 1))",
        f"F.dropout({one}, 0.5, training=True)",
        f"{one}[torch.randperm({one}.shape[0])]",
        f"{one} + torch.bernoulli(torch.full_like({one}, 0.5))",
        f"{one} + 1 if torch.rand(()) > 0.5 else {one} - 1",
        f"{one} + torch.zeros_like({one}).uniform_(-1, 1)",
        f"{one}[:int(torch.randint(1, 3, ()))]",
    )


@feature("python_random", weight=0.25, picks=(is_float,))
def python_random(b: Builder, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(f"{one} * random.random()", f"{one} + float(np.random.rand())")


@feature("gradient", weight=0.6, picks=(is_matrix,))
def gradient(b: Builder, one: str) -> str | None:
    out = b.new()
    return b.one_of(
        f"{out} = torch.func.grad(lambda t: (t.tanh() ** 2).sum())({one}.detach())",
        f"{out} = torch.func.vmap(lambda row: row.sum() * row)({one})",
        f"{out} = {one}.detach().clone().requires_grad_()\n"
        f"with torch.enable_grad():\n    {out} = torch.autograd.grad(({out} ** 2).sum(), {out})[0]",
    )


@feature("checkpoint", weight=0.4, picks=(is_float,))
def checkpoint(b: Builder, one: str) -> str | None:
    return f"{b.new()} = torch.utils.checkpoint.checkpoint(lambda t: t.tanh() * 2, {one}, use_reentrant=False)"
