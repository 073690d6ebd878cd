"""Branches and loops on values and on sizes, exceptions, and torch.cond."""

from __future__ import annotations

from ..builder import Builder, is_count, is_float, is_integer, is_number, is_tensor
from .reads import scalar_expression
from .registry import feature


def condition(b: Builder) -> str | None:
    """A condition that Python evaluates: on values, on sizes or on Python numbers."""
    value, one, number = scalar_expression(b), b.pick(is_float), b.pick(is_number)
    if value is None or one is None:
        return None
    forms = [
        f"{value} > {b.number()}",
        f"{value}.item() < {b.number()}",
        f"{value} > 0 and {one}.shape[0] > 2",
        f"({one} > 0.5).any()",
        f"int({value}) % 2 == 0",
        f"{one}.shape[0] > {b.rng.randint(2, 6)}",
        f"{one}.numel() % 2 == 0",
        f"-1 < {value}.item() < 1",
        f"{value} == {value}.round()",
    ]
    if number is not None:
        forms += [f"{number} > {b.number()}", f"{number} * 2 >= {value}", f"{number} in (0, 1, 2)"]
    return b.one_of(*forms)


def two_ways(b: Builder, one: str) -> tuple[str, str]:
    """Two operations on a tensor that give the same shape and dtype."""
    return b.one_of(f"{one} * 2", f"{one}.tanh()", f"{one} + 1"), b.one_of(f"{one} - 1", f"-{one}", f"{one}.relu()")


@feature("branch", weight=4)
def branch(b: Builder) -> str | None:
    test, one = condition(b), b.pick(is_float)
    if test is None or one is None:
        return None
    out = b.new()
    yes, no = two_ways(b, one)
    return b.one_of(
        f"if {test}:\n    {out} = {yes}\nelse:\n    {out} = {no}",
        f"{out} = {yes} if {test} else {no}",
        f"{out} = {yes}\nif {test}:\n    {out}.mul_(0.5)\n    {out} = {out} + 1",
        f"if {test}:\n    {out} = {yes}\nelif {one}.sum() > 0:\n    {out} = {no}\nelse:\n    {out} = {one}",
    )


@feature("branch_writes", weight=1.5)
def branch_writes(b: Builder) -> str | None:
    test, one = condition(b), b.pick(is_float)
    if test is None or one is None:
        return None
    write = b.one_of(f"{one}.mul_(0.5)", f"{one}[0] = 0.25", f"{one}.add_(1)", f"{one}[{one} > 0] = 0.0")
    return f"if {test}:\n    {write}\nelse:\n    {one}.neg_()"


@feature("loop_on_value", weight=1.5)
def loop_on_value(b: Builder) -> str | None:
    value, one = scalar_expression(b), b.pick(is_float)
    if value is None or one is None:
        return None
    out = b.new()
    return f"{out} = {one} * 1.0\n" + b.one_of(
        f"for i in range(int({value}.abs()) % 4):\n    {out} = {out} * 0.5 + i",
        f"while {out}.abs().sum() > 1:\n    {out} = {out} * 0.5",
        f"for i in range(4):\n    if {out}.abs().max() < 0.5:\n        break\n    {out} = {out} * 0.5",
        f"for i in range({one}.shape[0]):\n    {out} = {out} + {one}[i].mean() * 0.1",
        f"for i in range(3):\n    if {out}.sum() < i:\n        continue\n    {out}.mul_(0.5)",
    )


@feature("loop_on_count", picks=(is_count, is_float))
def loop_on_count(b: Builder, count: str, one: str) -> str | None:
    out = b.new()
    return f"{out} = {one}\nfor i in range({count}):\n    {out} = ({out} + i * 0.1).tanh()"


@feature("assertion", weight=0.7)
def assertion(b: Builder) -> str | None:
    value, one = scalar_expression(b), b.pick(is_float)
    if value is None or one is None:
        return None
    low = float(b.environments[0][one].detach().abs().sum()) + 1
    return b.one_of(
        f"assert {one}.abs().sum() < {low:.2f}",
        f"if {one}.abs().sum() > {low:.2f}:\n    raise ValueError('too large')",
        f"torch._check({one}.shape[0] > 0)",
        f"assert {value}.item() == {value}.item(), 'not a number'",
        f"assert torch.isfinite({one}).all()",
    )


@feature("caught", weight=1.5)
def caught(b: Builder) -> str | None:
    one, count = b.pick(is_float), b.pick(is_count)
    if one is None:
        return None
    out = b.new()
    failing = b.one_of(
        f"{one}.view(-1, 977)",
        f"{one} @ torch.ones(991, 2)",
        f"{one}[{one}.shape[0] + 3]",
        f"torch.cat([{one}, torch.ones(3, 2, 2, 2, 2)])",
        f"{one}.no_such_method()",
        f"{one}.add_(torch.ones(997, 3))",
        f"{one} / 0 if {one}.sum() > 99 else [][0]",
        f"{one}.reshape(-1)[{count or 2}] * 2 + {one}[7]",
    )
    error = b.one_of("Exception", "(RuntimeError, IndexError, AttributeError)")
    return f"try:\n    {out} = {failing}\nexcept {error}:\n    {out} = {one} * 0.5"


@feature("cond")
def cond(b: Builder) -> str | None:
    value, one = scalar_expression(b), b.pick(is_float)
    if value is None or one is None:
        return None
    out, yes, no = b.new(), *two_ways(b, "t")
    test = b.one_of(f"{value} > 0", f"{one}.shape[0] > 3", f"{one}.sum() > {b.number()}")
    return f"{out} = torch.cond({test}, lambda t: {yes}, lambda t: {no}, ({one},))"


@feature("dispatch_table", weight=0.7, picks=(is_integer, is_float))
def dispatch_table(b: Builder, index: str, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(
        f"[torch.tanh, torch.relu, torch.neg, torch.abs][int({index}.reshape(-1)[0]) % 4]({one})",
        f"{{0: {one} + 1, 1: {one} * 2}}.get({index}.reshape(-1)[-1].item(), {one})",
    )


@feature("comprehension", weight=0.7, picks=(is_float,))
def comprehension(b: Builder, one: str) -> str | None:
    return f"{b.new()} = " + b.one_of(
        f"torch.stack([row for row in {one} if row.sum() > -99])",
        f"sum(1 for row in {one} if row.sum() > 0)",
        f"torch.cat([row.reshape(-1)[:1] for row in {one} if row.mean() > 0] + [torch.zeros(1)])",
    )


@feature("type_test", weight=0.5, picks=(is_tensor,))
def type_test(b: Builder, one: str) -> str | None:
    return f"{b.new()} = {one} * 2 if {one}.is_contiguous() and {one}.dtype == torch.float32 else {one} + 1"
