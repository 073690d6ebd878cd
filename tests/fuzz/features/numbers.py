"""Python computes with sizes and with numbers read from tensors, and the model uses the result."""

from __future__ import annotations

from ..builder import Builder, is_float, is_number
from .reads import scalar_expression
from .registry import feature


def number_expression(b: Builder) -> str | None:
    """A Python number: a size, a number read from a tensor, or one computed before."""
    known, value, one = b.pick(is_number), scalar_expression(b), b.pick(is_float)
    if known is not None and b.rng.random() < 0.4:
        return known
    if one is None or value is None:
        return None
    return b.one_of(f"{one}.shape[0]", f"len({one})", f"{one}.numel()", f"{value}.item()")


def converted(b: Builder, n: str) -> str:
    """A Python number computed from another."""
    return b.one_of(
        f"int({n} / 2)",
        f"int({n} * 0.7)",
        f"float({n})",
        f"round({n} / 3)",
        f"round({n} * 0.3, 2)",
        f"abs({n} - 3)",
        f"min({n}, 4)",
        f"max({n} / 4, 1)",
        f"max(1.5, {n} / 2)",
        f"min(8, {n}, 2.5)",
        f"sum([{n}, 1, {n}])",
        f"divmod({n}, 3)[0]",
        f"divmod({n}, 0.7)[1]",
        f"{n} // 2",
        f"{n} // 0.3",
        f"{n} % 3",
        f"{n} % 1.0",
        f"{n} ** 2",
        f"-{n} // 2",
        f"math.sqrt(abs({n}))",
        f"int(abs({n}) ** 0.5)",
        f"math.floor({n} / 3)",
        f"math.ceil({n} * 0.4)",
        f"math.trunc(-{n} / 3)",
        f"math.log(abs({n}) + 1)",
        f"int({n} > 2)",
        f"float({n} > 2)",
        f"sum(map(int, [{n}, {n} / 2]))",
    )


@feature("number", weight=2.5)
def number(b: Builder) -> str | None:
    value = number_expression(b)
    return None if value is None else f"{b.new()} = {converted(b, value)}"


@feature("number_used", weight=2.5)
def number_used(b: Builder) -> str | None:
    value, one = number_expression(b), b.pick(is_float)
    if value is None or one is None:
        return None
    count = f"abs(int({converted(b, value)})) % 5"
    return f"{b.new()} = " + b.one_of(
        f"{one} * ({converted(b, value)}) * 0.1",
        f"({one} > 0) * ({converted(b, value)})",
        f"torch.full((2,), {converted(b, value)})",
        f"torch.tensor([{converted(b, value)}, 1])",
        f"{one}[:{count}]",
        f"{one}[..., :: {count} + 1]",
        f"{one}.repeat({count} + 1, *[1] * ({one}.dim() - 1))",
        f"torch.zeros({count}, 2) + {one}.mean()",
        f"torch.arange({count} + 2) * 0.5",
        f"{one} * sum(range({count}))",
        f"{one} if {converted(b, value)} > 1 else {one} * 2",
        f"{one} + len(f'{{{converted(b, value)}}}') * 0.1",
        f"{one} + (1 if isinstance({converted(b, value)}, int) else 2)",
    )
