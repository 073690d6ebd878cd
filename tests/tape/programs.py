"""Small random programs over a pool of tensors, run on real tensors and on fake tensors with a tape."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st

from torchdraft._draft.rungs.session import Session

Pool = list[Any]
Op = Callable[[Any, Any, int], list[Any]]


def _filled(number: int) -> Callable[[Any], Any]:
    def write(t: Any) -> Any:
        t[0] = float(number)
        return t

    return write


def _indexed(t: Any) -> list[Any]:
    t.index_put_((torch.tensor([0]),), torch.tensor(7.0), accumulate=True)
    return []


def _shaped(t: Any, like: Any) -> Any:
    """A tensor of the shape of `t` that depends on `like`."""
    return like if like.shape == t.shape else like.sum().expand(t.shape)


OPS: dict[str, Op] = {
    # views
    "transpose": lambda t, u, n: [t.t()] if t.dim() == 2 else [t.unsqueeze(0)],
    "slice": lambda t, u, n: [t[1:]] if t.shape[0] > 1 else [t[:]],
    "select": lambda t, u, n: [t[0]] if t.dim() > 1 else [t.unsqueeze(-1)],
    "flatten": lambda t, u, n: [t.reshape(-1)],
    "diagonal": lambda t, u, n: [t.diagonal()] if t.dim() == 2 else [t.view(t.shape)],
    "unbind": lambda t, u, n: list(t.unbind(0)[:2]) if t.dim() > 1 else list(t.chunk(2)),
    "detach": lambda t, u, n: [t.detach()],
    # new tensors
    "add": lambda t, u, n: [t + _shaped(t, u)],
    "clone": lambda t, u, n: [t.clone()],
    "sort": lambda t, u, n: [t.sort(0).values],
    "cat": lambda t, u, n: [torch.cat([t.reshape(-1), u.reshape(-1)])[: n + 2]],
    "scaled": lambda t, u, n: [t * n],
    # writes
    "add_": lambda t, u, n: [t.add_(n)],
    "mul_": lambda t, u, n: [t.mul_(_shaped(t, u).clamp(-2, 2))],
    "copy_": lambda t, u, n: [t.copy_(_shaped(t, u))],
    "fill": lambda t, u, n: [_filled(n)(t)],
    "index_put_": lambda t, u, n: _indexed(t),
    "masked_fill_": lambda t, u, n: [t.masked_fill_(t > 0, float(n))],
    "transpose_": lambda t, u, n: [t.transpose_(0, 1)] if t.dim() == 2 else [t.unsqueeze_(0)],
    "out": lambda t, u, n: [torch.add(t, n, out=t)],
    "foreach": lambda t, u, n: torch._foreach_add_([t, u], float(n)) or [],
    # random numbers
    "rand": lambda t, u, n: [t + torch.rand_like(t)],
    "normal_": lambda t, u, n: [t.normal_()],
    "bernoulli": lambda t, u, n: [torch.bernoulli(torch.full((n + 1,), 0.5))],
    "dropout": lambda t, u, n: [torch.nn.functional.dropout(t, 0.5)],
}
DEMAND, DROP = "demand", "drop"


@dataclass(frozen=True)
class Step:
    """Applies `op` to the tensors at `at` and `other` (modulo the size of the pool)."""

    op: str
    at: int = 0
    other: int = 0
    number: int = 1


steps = st.builds(
    Step,
    op=st.sampled_from([*OPS, DEMAND, DEMAND, DROP]),
    at=st.integers(0, 9),
    other=st.integers(0, 9),
    number=st.integers(-2, 4),
)
programs = st.lists(steps, min_size=1, max_size=14)


def inputs() -> Pool:
    """The user's tensors: one with a view of it, one that is not contiguous, and another one."""
    base = torch.arange(12.0).reshape(4, 3) - 5
    return [base, base[1:], torch.arange(6.0).reshape(2, 3).t(), torch.ones(3)]


def differences(
    program: list[Step], budget: int = 1 << 30, session_seen: Callable[[Session], None] | None = None
) -> list[str]:
    """Runs `program` in both ways. Returns the demanded values that differ from eager, and the changed user tensors."""
    given = inputs()
    before = copy.deepcopy(given)
    torch.manual_seed(3)
    session = Session(budget=budget)
    eager: Pool = copy.deepcopy(given)
    with torch.no_grad():
        fakes: Pool = [session.mode.from_tensor(t, static_shapes=True) for t in given]
        found = _side_by_side(program, session, eager, fakes)
        for index in range(len(eager)):
            found += _compare(session, eager[index], fakes[index], f"at the end, {index}")
    if session_seen is not None:
        session_seen(session)
    found += [f"user tensor {i} written" for i, (a, b) in enumerate(zip(given, before)) if not torch.equal(a, b)]
    return found


def _side_by_side(program: list[Step], session: Session, eager: Pool, fakes: Pool) -> list[str]:
    found: list[str] = []
    for number, step in enumerate(program):
        at, other = step.at % len(eager), step.other % len(eager)
        if step.op == DEMAND:
            own = torch.random.get_rng_state()
            found += _compare(session, eager[at], fakes[at], f"step {number}, {step}")
            if not torch.equal(own, torch.random.get_rng_state()):
                found.append(f"step {number} moved the random state")
        elif step.op == DROP:
            if len(eager) > 4:
                del eager[at], fakes[at]
        else:
            op = OPS[step.op]
            try:
                made = op(eager[at], eager[other], step.number)
            except RuntimeError:  # a write to an expanded tensor or to overlapping memory: not a valid program
                return found
            with session.mode:
                made_fakes = op(fakes[at], fakes[other], step.number)
            eager.extend(m for m in made if m.numel())
            fakes.extend(f for f in made_fakes if f.numel())
    return found


def _compare(session: Session, want: torch.Tensor, fake: Any, where: str) -> list[str]:
    got = session.reals.tensor(fake)
    if got.shape == want.shape and torch.equal(got, want):
        return []
    return [f"{where}: {got.tolist()}, eager has {want.tolist()}"]
