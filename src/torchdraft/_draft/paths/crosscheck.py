"""Compares a merged graph with the model on combinations of sides that no path had.

The sides of two branches in a row are traced with the first branch on the example's side. That the second branch does
the same after the first one's other side is known from the state of Python at that moment, as far as it can be seen:
`python_state.py` sees no value that a running C function or an unfinished expression holds. Here a few combinations are
traced as paths of their own, and both graphs are run on numbers, with the conditions answered as on the path.
"""

from __future__ import annotations

import itertools
import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sympy
import torch

from torchdraft._draft.check.outputs import mismatch
from torchdraft._draft.tracing.request import Request
from torchdraft._torch import pytree
from torchdraft._torch.graph.branch_marks import BRANCH
from torchdraft._torch.graph.control_flow import COND, WHILE_LOOP
from torchdraft._torch.graph.program_inputs import held_values
from torchdraft._torch.graph.values import asserts
from torchdraft._torch.tensors.copies import copy_preserving_aliasing

from .merging.loops import Loop, loop_at
from .merging.merge import DECISION, LOOP, Merged
from .traced.decisions import Decision, Key
from .traced.path import Path

Held = Mapping[str, tuple[str, Any]]
"""Name of a placeholder → the dotted name of a parameter or buffer, or a constant."""

MOST_BYTES = 256 << 20
"""Bytes of weights and inputs up to which they are copied for the runs."""

EXPLORED = 24
"""Paths that are traced anyway, with which a merged graph is compared as well."""

PAIRS = 15
"""Pairs of branches up to which the two other sides of each pair are compared, which are all pairs of six branches."""

DRAWN = 3
"""Combinations that are drawn at random, and compared as well."""


class Chosen(Mapping[Key, bool]):
    """Answers by the place in the code: those of the first sides, but for some places."""

    def __init__(self, first: Mapping[Key, bool], changed: set[Key]) -> None:
        self._first, self._changed = first, changed

    def __getitem__(self, key: Key) -> bool:
        return self._first[key] != (key in self._changed)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)


MOST_TURNS = 3
"""Numbers of turns from none up to this one are compared for each loop."""


def numbers_of_turns(merged: Merged) -> list[dict[Key, bool]]:
    """Answers with which each loop has another number of turns, and everything else is as on the first path."""
    found = []
    for kept in merged.kept:
        if not kept.loop:
            continue
        loop = loop_at(kept.other, kept.decision)
        assert loop is not None
        *place, count = kept.other.decisions[loop.first].key
        for turns in range(MOST_TURNS + 1):
            answers = {(*place, count + turn): loop.stays for turn in range(turns)}
            answers[(*place, count + turns)] = not loop.stays
            found.append({**kept.other.preferred, **answers})
    return found


def combinations(merged: Merged, first: Path) -> list[Chosen]:
    """Combinations of sides to compare; none where every one was traced anyway, because there is one branch."""
    branches = (each for each in merged.kept if not each.loop)
    kept = {each.path.decisions[each.decision].key: each.path.decisions[each.decision].answer for each in branches}
    if len(kept) < 2:
        return []
    answers = {**first.preferred, **kept}
    draw = random.Random(0)
    pairs = [set(pair) for pair in itertools.combinations(kept, 2)]
    chosen = [set(kept), *pairs[:PAIRS], *({key for key in kept if draw.random() < 0.5} for _ in range(DRAWN))]
    unlike = [keys for place, keys in enumerate(chosen) if len(keys) > 1 and keys not in chosen[:place]]
    return [Chosen(answers, keys) for keys in unlike]


def disagreement(
    merged: Merged, paths: Sequence[Path], request: Request, trace: Callable[[Mapping[Key, bool]], Path | None]
) -> str:
    """How a merged graph differs from the model on some combination of sides; "" where it does not.

    `trace` makes the path with given answers, None where the model raises on it.
    """
    if _bytes(request) > MOST_BYTES:
        return f"the model has more than {MOST_BYTES >> 20} MiB, so that it is not compared with its sides merged"
    body = merged.body
    held = body.held_values(paths)
    module = torch.fx.GraphModule(body.root, body.graph)
    guarded = {path.decisions[at].key: path.decisions[at].answer for path, at, _ in merged.guarded}
    others = filter(None, map(trace, [*numbers_of_turns(merged), *combinations(merged, paths[0])]))
    for path in [*paths[:EXPLORED], *others]:
        given = {decision.key: decision.answer for decision in path.decisions}
        if any(given.get(key, answer) != answer for key, answer in guarded.items()):
            continue  # the program raises on it
        if path is not paths[0] and any(map(_fixes_a_number, path.decisions)):
            continue  # its graph holds the number, which is another one in these runs
        own = held_values(path.program, {node: node.name for node in path.inputs})
        if not _agree(path.program.graph_module, own, module, held, request, given):
            return "what a side does depends on an earlier branch in a way that only a run of both shows"
    return ""


def _agree(
    path: torch.fx.GraphModule,
    of_path: Held,
    merged: torch.fx.GraphModule,
    of_merged: Held,
    request: Request,
    given: Mapping[Key, bool],
) -> bool:
    """Whether a path and a merged graph do the same. Numbers that do not suit the path are replaced by the example's;
    where it does not run on them either, for it was made for other sizes, the merged graph must not run.
    """
    for numbers in (_numbers(request), pytree.tree_leaves((request.args, dict(request.kwargs)))):
        wanted = _outcome(path, numbers, of_path, request.mod, given)
        got = _outcome(merged, numbers, of_merged, request.mod, given)
        if not isinstance(wanted, Exception):
            return not isinstance(got, Exception) and _same(got, wanted)
    return isinstance(got, Exception)


def _fixes_a_number(decision: Decision) -> bool:
    """Whether a path takes an integer to be one number. `Eq(u0, 1)` is mostly the truth of a tensor."""
    expr = decision.expr
    return decision.answer and isinstance(expr, sympy.Eq) and not (expr.lhs.is_Symbol and expr.rhs == 1)


def _bytes(request: Request) -> int:
    tensors = [*request.tensors(), *request.mod.parameters(), *request.mod.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


class _Answered(torch.fx.Interpreter):
    """Runs a graph, and takes the sides that the answers say. Asserts nothing."""

    def __init__(self, module: torch.fx.GraphModule, answers: Mapping[Key, bool]) -> None:
        super().__init__(module)
        self.answers = answers
        self.extra_traceback = False

    def run_node(self, n: torch.fx.Node) -> Any:
        if n.target is BRANCH or asserts(n):
            return None
        if n.target is COND and DECISION in n.meta:
            path, decision = n.meta[DECISION]
            args, _ = self.fetch_args_kwargs_from_env(n)
            side = args[1] if self.answers[path.decisions[decision].key] else args[2]
            return _Answered(side, self.answers).run(*args[3])
        if n.target is WHILE_LOOP and LOOP in n.meta:
            return self._turns(n.meta[LOOP].loop, *self.fetch_args_kwargs_from_env(n)[0])
        return super().run_node(n)

    def _turns(self, loop: Loop, _condition: Any, step: Any, carried: Any, more: Any) -> Any:
        """What a loop returns after as many turns as the answers say."""
        *place, count = loop.path.decisions[loop.first].key
        while self.answers[(*place, count)] is loop.stays:
            carried = _Answered(step, self.answers).run(*carried, *more)
            count += 1
        return carried


class _Outcome(NamedTuple):
    """What a run returned, and what it left in the inputs, parameters and buffers."""

    returned: list[Any]
    inputs: list[Any]
    weights: dict[str, Any]


def _outcome(
    module: torch.fx.GraphModule, inputs: Sequence[Any], held: Held, mod: torch.nn.Module, answers: Mapping[Key, bool]
) -> _Outcome | Exception:
    """Runs a graph on copies; returns the exception that it raises."""
    names = [node.name for node in module.graph.find_nodes(op="placeholder")]
    values = {
        name: operator.attrgetter(target)(mod) if known is None else known for name, (target, known) in held.items()
    }
    remaining = iter(inputs)
    given = copy_preserving_aliasing([values[name] if name in values else next(remaining) for name in names])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        try:
            returned = _Answered(module, answers).run(*given)
        except Exception as error:
            return error
    left = dict(zip(names, given, strict=True))
    weights = {target: left[name] for name, (target, known) in held.items() if known is None}
    return _Outcome(pytree.tree_leaves(returned), [left[name] for name in names if name not in held], weights)


def _numbers(request: Request) -> list[Any]:
    """The example's inputs, with other numbers in the floats: equal ones would hide a difference."""
    draw = torch.Generator().manual_seed(0)

    def changed(leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor) or type(leaf) is not torch.Tensor or not leaf.is_floating_point():
            return leaf
        if leaf.layout is not torch.strided or leaf.device.type != "cpu":
            return leaf
        noise = torch.rand(leaf.shape, generator=draw).to(leaf.dtype)
        copy = copy_preserving_aliasing(leaf.detach())
        return copy.mul_(1.25).add_(noise) if not _overlaps(copy) else copy

    return [changed(leaf) for leaf in pytree.tree_leaves((request.args, dict(request.kwargs)))]


def _overlaps(tensor: torch.Tensor) -> bool:
    return any(stride == 0 and size > 1 for size, stride in zip(tensor.shape, tensor.stride(), strict=True))


def _same(one: _Outcome, two: _Outcome) -> bool:
    """Whether two runs returned the same, and left the same behind in what both have."""
    common = [name for name in one.weights if name in two.weights]
    pairs = [(one.returned, two.returned), (one.inputs, two.inputs)]
    pairs.append(([one.weights[name] for name in common], [two.weights[name] for name in common]))
    return all(list(map(type, x)) == list(map(type, y)) and not mismatch(x, y) for x, y in pairs)
