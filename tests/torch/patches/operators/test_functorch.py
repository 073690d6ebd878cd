"""Questions about data inside and after `torch.func`, checkpoints, gradients, TorchScript and custom functions."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from tests.draft.drafting import Draftable, hold_to_the_promises, told

X = torch.tensor([[1.0, 2.0, -0.5], [3.0, -4.0, 5.0]])
FOUR = torch.tensor(4)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is deprecated, and models still use it

    @torch.jit.script
    def scripted_choice(x):
        if bool(x.sum() > 0):
            return x * 2
        return x - 1

    class Inner(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(3, 3)

        def forward(self, x):
            y = self.linear(x)
            if bool(x.sum() > 0):
                y = y * 2
            return y

    class ScriptedModule(torch.nn.Module):
        def __init__(self):
            super().__init__()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                self.inner = torch.jit.script(Inner())

        def forward(self, x):
            return self.inner(x) + 1


class ScriptedFunction(torch.nn.Module):
    def forward(self, x):
        return scripted_choice(x) + 1


class GradThenBranch(torch.nn.Module):
    def forward(self, x):
        g = torch.func.grad(lambda x: (x**2).sum())(x)
        if g.sum() > 0:
            return g
        return g - 1


class GradReadsInside(torch.nn.Module):
    def forward(self, x, n):
        def loss(x):
            if n.item() > 3:
                return (x**2).sum()
            return (x**3).sum()

        return torch.func.grad(loss)(x)


class GradReadsItsArgument(torch.nn.Module):
    def forward(self, x):
        def loss(x):
            if x.detach().sum().item() > 0:
                return (x**2).sum()
            return (x**3).sum()

        return torch.func.grad(loss)(x)


class VmapReadsInside(torch.nn.Module):
    def forward(self, x, n):
        def each(row):
            if n.item() > 3:
                return row * 2
            return row

        return torch.func.vmap(each)(x)


class GradsOfRows(torch.nn.Module):
    def forward(self, x):
        g = torch.func.vmap(torch.func.grad(lambda row: (row**2).sum()))(x)
        if g.sum() > 0:
            return g
        return g - 1


class JvpThenBranch(torch.nn.Module):
    def forward(self, x):
        value, tangent = torch.func.jvp(torch.sin, (x,), (x,))
        if value.sum() > 0.5:
            return tangent
        return value


class VjpThenBranch(torch.nn.Module):
    def forward(self, x):
        value, pull = torch.func.vjp(torch.sin, x)
        if value.sum() > 0.5:
            return pull(x)[0]
        return value


class JacobianThenBranch(torch.nn.Module):
    def forward(self, x):
        jacobian = torch.func.jacrev(lambda row: row**2)(x[0])
        if jacobian.sum() > 0:
            return jacobian
        return jacobian - 1


class CheckpointReads(torch.nn.Module):
    def forward(self, x, n):
        def part(x):
            if n.item() > 3:
                return x.sin()
            return x.cos()

        return checkpoint(part, x, use_reentrant=False)


class GradientInForward(torch.nn.Module):
    def forward(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            y = (x**2).sum() if x.sum() > 0 else (x**3).sum()
            (g,) = torch.autograd.grad(y, x)
        return g


class Chooses(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        if x.sum() > 0:
            return x * 2
        return x - 1

    @staticmethod
    def backward(ctx, g):
        return g


class CustomFunction(torch.nn.Module):
    def forward(self, x):
        return Chooses.apply(x) + 1


class Takes(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, n):
        return x[:, : n.item()] * 2

    @staticmethod
    def backward(ctx, g):
        return g, None


class CustomFunctionOfSize(torch.nn.Module):
    def forward(self, x, n):
        return Takes.apply(x, n)


def branch(model: type[torch.nn.Module], line: str) -> Draftable:
    return Draftable(model, (X,), right=[(X * 0.5,)], loud=[(-X,)], codes=("TD101",), lines=(line,))


def reads(model: type[torch.nn.Module]) -> Draftable:
    return Draftable(
        model,
        (X, FOUR),
        right=[(-X, FOUR), (X, torch.tensor(7))],
        loud=[(X, torch.tensor(2))],
        codes=("TD101",),
        lines=("if n.item() > 3:",),
    )


CASES = [
    branch(GradThenBranch, "if g.sum() > 0:"),
    reads(GradReadsInside),
    branch(GradReadsItsArgument, "if x.detach().sum().item() > 0:"),
    reads(VmapReadsInside),
    branch(GradsOfRows, "if g.sum() > 0:"),
    branch(JvpThenBranch, "if value.sum() > 0.5:"),
    branch(VjpThenBranch, "if value.sum() > 0.5:"),
    Draftable(
        JacobianThenBranch,
        (X,),
        right=[(X + 1,), (X * 2,)],
        loud=[(-X,)],
        codes=("TD101",),
        lines=("if jacobian.sum() > 0:",),
    ),
    reads(CheckpointReads),
    branch(GradientInForward, "y = (x**2).sum() if x.sum() > 0"),
    branch(ScriptedFunction, "if bool(x.sum() > 0):"),
    branch(ScriptedModule, "if bool(x.sum() > 0):"),
    branch(CustomFunction, "if x.sum() > 0:"),
    Draftable(CustomFunctionOfSize, (X, torch.tensor(2)), right=[(X, torch.tensor(3)), (X, torch.tensor(1))]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_questions_are_answered_asserted_and_told(case: Draftable) -> None:
    program = hold_to_the_promises(case)
    found = told(program)
    assert tuple(code for code, _ in found) == case.codes
    for (_, line), expected in zip(found, case.lines, strict=True):
        assert line.startswith(expected)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_at_the_lower_level_too(case: Draftable) -> None:
    hold_to_the_promises(case, pre_dispatch=False)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_strict_serves_or_says_why_not(case: Draftable) -> None:
    program = hold_to_the_promises(case, strict=True)
    assert tuple(code for code, _ in told(program, without="TD902")) == case.codes
