"""Compares a merged graph with the model on combinations of sides that no path had.

The sides of two branches in a row are traced with the first branch on the example's side. That the second branch does
the same after the first one's other side is known from the state of Python at that moment, as far as it can be seen:
`python_state.py` sees no value that a running C function or an unfinished expression holds. Here a few combinations are
traced as paths of their own, and both graphs are run on numbers, with the conditions answered as on the path.
"""

from __future__ import annotations

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
from torchdraft._torch.graph.values import asserts, graph_modules
from torchdraft._torch.tensors.copies import copy_preserving_aliasing

from .merging.loops import Loop, loop_at
from .merging.merge import DECISION, GUARD, LOOP, Merged
from .traced.decisions import Decision
from .traced.path import Path
from .traced.places import Key, Places

Held = Mapping[str, tuple[str, Any]]
"""Name of a placeholder → the dotted name of a parameter or buffer, or a constant."""

MOST_BYTES = 256 << 20
"""Bytes of weights and inputs up to which they are copied for the runs."""

EXPLORED = 24
"""Paths that are traced anyway, with which a merged graph is compared as well."""

MOST_BUT_ONE = 15
"""Combinations in which all branches but one are on their other sides, at most."""

FEW = 5
"""Branches up to which no combinations are drawn at random."""

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


SIGNS: tuple[Callable[[torch.Tensor, int], torch.Tensor], ...] = (
    lambda place, _count: torch.full_like(place, -1),
    lambda place, count: torch.where(2 * place >= count - 1, 1, -2),
    lambda place, count: torch.where(2 * place >= count - 1, -3, 1),
    lambda place, _count: 1 - 3 * (place % 2),
)
"""Places of elements and their number → their factors, for runs in which the conditions have other values."""

MOST_TURNS = 3
"""Numbers of turns from none up to this one are compared for each loop."""


def numbers_of_turns(merged: Merged) -> list[Mapping[Key, bool]]:
    """Answers with which each loop has another number of turns, and everything else is as on the first path."""
    found: list[Mapping[Key, bool]] = []
    for kept in merged.kept:
        if not kept.loop:
            continue
        loop = loop_at(kept.other, kept.decision)
        assert loop is not None
        key = loop.path.decisions[loop.first].key
        for turns in range(MOST_TURNS + 1):
            answers = {key.later(turn): loop.stays for turn in range(turns)} | {key.later(turns): not loop.stays}
            found.append(_Drawn({**kept.other.preferred, **answers}, loop, turns))
    return found


class _Drawn(Mapping[Key, bool]):
    """Answers as given, and drawn ones to the branches inside of a loop."""

    def __init__(self, given: Mapping[Key, bool], loop: Loop, turns: int) -> None:
        self._given, self._turns = given, turns
        inside = loop.path.decisions[loop.first + 1 : loop.again]
        head = loop.path.decisions[loop.first].key.code
        self._inside = {each.key.code for each in inside if not each.of_number} - {head}

    def __getitem__(self, key: Key) -> bool:
        if key.code not in self._inside:
            return self._given[key]
        depth, around = 0, key.around
        while around is not None:
            depth, around = depth * 31 + around.count, around.around
        return random.Random(f"{self._turns} {depth} {key.count}").random() < 0.5

    def __iter__(self) -> Iterator[Key]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def combinations(merged: Merged, first: Path) -> list[Chosen]:
    """Combinations of sides to compare; none where every one was traced anyway, because there is one branch.

    In one of them every branch is on its other side; in the others every one but one: of three branches, each two are
    on their other sides with the third one on either, whatever the number of branches.
    """
    branches = (each for each in merged.kept if not each.loop)
    kept = {each.path.decisions[each.decision].key: each.path.decisions[each.decision].answer for each in branches}
    if len(kept) < 2:
        return []
    answers = {**first.preferred, **kept}
    chosen = [set(kept), *([set(kept) - {key} for key in kept][:MOST_BUT_ONE])]
    if len(kept) > FEW:
        draw = random.Random(0)
        chosen += [{key for key in kept if draw.random() < 0.5} for _ in range(DRAWN)]
    unlike = [keys for place, keys in enumerate(chosen) if len(keys) > 1 and keys not in chosen[:place]]
    return [Chosen(answers, keys) for keys in unlike]


def _was_traced(answers: Mapping[Key, bool], paths: Sequence[Path]) -> bool:
    """Whether one of the paths is that with these answers."""
    return any(
        all(answers.get(each.key) is each.answer for each in path.decisions if not each.one_sided) for path in paths
    )


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
    chosen = [*numbers_of_turns(merged), *combinations(merged, paths[0])]
    others = filter(None, (trace(each) for each in chosen if not _was_traced(each, paths[:EXPLORED])))
    known = _places(merged)
    for path in [*paths[:EXPLORED], *others]:
        if path not in paths and any(decision.key.code not in known for decision in path.decisions):
            return "the model asks something there that it asks on no other path"
        given = {decision.key: decision.answer for decision in path.decisions}
        if any(given.get(key, answer) != answer for key, answer in guarded.items()):
            continue  # the program raises on it
        if path is not paths[0] and any(map(_fixes_a_number, path.decisions)):
            continue  # its graph holds the number, which is another one in these runs
        own = held_values(path.program, {node: node.name for node in path.inputs})
        several = path is paths[0] and len(merged.kept) > 1
        if not _agree(path, own, module, held, request, given, other_signs=several):
            return "what a side does depends on an earlier branch in a way that only a run of both shows"
    return ""


def _places(merged: Merged) -> set[Key]:
    """The places in the code of the decisions that a merged graph has."""
    kept = [each.path.decisions[each.decision] for each in merged.kept]
    for each in merged.kept:
        kept += [each.other.decisions[each.decision]] if each.loop else []
    kept += [path.decisions[at] for path, at, _ in merged.guarded]
    return {decision.key.code for decision in kept}


def _agree(
    path: Path,
    of_path: Held,
    merged: torch.fx.GraphModule,
    of_merged: Held,
    request: Request,
    given: Mapping[Key, bool],
    *,
    other_signs: bool,
) -> bool:
    """Whether a path and a merged graph do the same. Numbers that do not suit the path are replaced by the example's;
    where it does not run on them either, for it was made for other sizes, the merged graph must not run.
    """

    def agree_on(numbers: Sequence[Any]) -> bool | None:
        """None where the path does not run on the numbers."""
        wanted = _outcome(path.program.graph_module, numbers, of_path, request.mod, given, path)
        if isinstance(wanted, Exception):
            return None
        got = _outcome(merged, numbers, of_merged, request.mod, given)
        return not isinstance(got, Exception) and _same(got, wanted)

    example = pytree.tree_leaves((request.args, dict(request.kwargs)))
    agreed = agree_on(_numbers(request))
    if agreed is None:
        agreed = agree_on(example)
    if agreed is None:
        return isinstance(_outcome(merged, example, of_merged, request.mod, given), Exception)
    signs = SIGNS if other_signs else ()
    return agreed and all(agree_on(_numbers(request, sign)) is not False for sign in signs)


def _fixes_a_number(decision: Decision) -> bool:
    """Whether a path takes an integer to be one number. `Eq(u0, 1)` is mostly the truth of a tensor."""
    expr = decision.expr
    return decision.answer and isinstance(expr, sympy.Eq) and not (expr.lhs.is_Symbol and expr.rhs == 1)


def _bytes(request: Request) -> int:
    tensors = [*request.tensors(), *request.mod.parameters(), *request.mod.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


class _Sides:
    """Which side a run of a merged graph takes at each decision.

    A decision comes as often before as on the path that is followed. Where a graph has no loops that is in its nodes;
    with loops it is counted in the run.
    """

    def __init__(self, answers: Mapping[Key, bool], *, counts: bool) -> None:
        self.answers = answers
        self.counts = counts
        self.conditions: dict[Key, bool] = {}
        """What the conditions of the decisions were in the run."""
        self._places = Places()

    def at(self, path: Path, decision: int, condition: bool | None) -> bool:
        """The answer to a decision that the run has come to, with the value of its condition."""
        key = path.decisions[decision].key
        if self.counts:
            key = self._places.next(key.code)
            self._places.passed(key)
        if condition is not None:
            self.conditions[key] = condition
        return self.answers[key]


class _Answered(torch.fx.Interpreter):
    """Runs a graph, and takes the sides that the answers say. Asserts nothing."""

    def __init__(self, module: torch.fx.GraphModule, sides: _Sides, path: Path | None = None) -> None:
        """`path`: the path whose graph it is."""
        super().__init__(module)
        self.sides = sides
        self.path = path
        self.extra_traceback = False

    def run_node(self, n: torch.fx.Node) -> Any:
        if GUARD in n.meta:
            path, decision = n.meta[GUARD]
            self.sides.at(path, decision, None)
        if n.target is BRANCH and self.path is not None:
            number = self.path.decision_at(self.path.position[n])
            if number is not None:
                key = self.path.decisions[number].key
                self.sides.conditions[key] = bool(self.fetch_args_kwargs_from_env(n)[0][0])
        if n.target is BRANCH or asserts(n):
            return None
        if n.target is COND and DECISION in n.meta:
            args, _ = self.fetch_args_kwargs_from_env(n)
            path, decision = n.meta[DECISION]
            side = args[1] if self.sides.at(path, decision, bool(args[0])) else args[2]
            return _Answered(side, self.sides).run(*args[3])
        if n.target is WHILE_LOOP and LOOP in n.meta:
            return self._turns(n.meta[LOOP].loop, *self.fetch_args_kwargs_from_env(n)[0])
        return super().run_node(n)

    def _turns(self, loop: Loop, _condition: Any, step: Any, carried: Any, more: Any) -> Any:
        """What a loop returns after as many turns as the answers say."""
        if not self.sides.counts:
            raise AssertionError("a graph with loops is run without counting its decisions")
        while self.sides.at(loop.path, loop.first, bool(carried[0] == 1) is loop.stays) is loop.stays:
            carried = _Answered(step, self.sides).run(*carried, *more)
        return carried


class _Outcome(NamedTuple):
    """What a run returned, what it left in the inputs, parameters and buffers, and the conditions of its decisions."""

    returned: list[Any]
    inputs: list[Any]
    weights: dict[str, Any]
    conditions: dict[Key, bool]


def _outcome(
    module: torch.fx.GraphModule,
    inputs: Sequence[Any],
    held: Held,
    mod: torch.nn.Module,
    answers: Mapping[Key, bool],
    path: Path | None = None,
) -> _Outcome | Exception:
    """Runs a graph, that of `path` or a merged one, on copies; returns the exception that it raises."""
    names = [node.name for node in module.graph.find_nodes(op="placeholder")]
    values = {
        name: operator.attrgetter(target)(mod) if known is None else known for name, (target, known) in held.items()
    }
    remaining = iter(inputs)
    given = copy_preserving_aliasing([values[name] if name in values else next(remaining) for name in names])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        try:
            loops = any(node.meta.get(LOOP) for each in graph_modules(module) for node in each.graph.nodes)
            sides = _Sides(answers, counts=loops)
            returned = _Answered(module, sides, path).run(*given)
        except Exception as error:
            return error
    left = dict(zip(names, given, strict=True))
    weights = {target: left[name] for name, (target, known) in held.items() if known is None}
    inputs = [left[name] for name in names if name not in held]
    return _Outcome(pytree.tree_leaves(returned), inputs, weights, sides.conditions)


def _numbers(request: Request, sign: Callable[[torch.Tensor, int], torch.Tensor] | None = None) -> list[Any]:
    """The example's inputs, with other numbers in the floats: equal ones would hide a difference."""
    draw = torch.Generator().manual_seed(0)

    def changed(leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor) or type(leaf) is not torch.Tensor or not leaf.is_floating_point():
            return leaf
        if leaf.layout is not torch.strided or leaf.device.type != "cpu":
            return leaf
        noise = torch.rand(leaf.shape, generator=draw).to(leaf.dtype)
        copy = copy_preserving_aliasing(leaf.detach())
        if _overlaps(copy):
            return copy
        if sign is not None:
            copy.mul_(sign(torch.arange(leaf.numel()), leaf.numel()).to(leaf.dtype).reshape(leaf.shape))
        return copy.mul_(1.25).add_(noise)

    return [changed(leaf) for leaf in pytree.tree_leaves((request.args, dict(request.kwargs)))]


def _overlaps(tensor: torch.Tensor) -> bool:
    return any(stride == 0 and size > 1 for size, stride in zip(tensor.shape, tensor.stride(), strict=True))


def _same(one: _Outcome, two: _Outcome) -> bool:
    """Whether two runs returned the same, and left the same behind in what both have."""
    if any(two.conditions.get(key, value) is not value for key, value in one.conditions.items()):
        return False
    common = [name for name in one.weights if name in two.weights]
    pairs = [(one.returned, two.returned), (one.inputs, two.inputs)]
    pairs.append(([one.weights[name] for name in common], [two.weights[name] for name in common]))
    return all(list(map(type, x)) == list(map(type, y)) and not mismatch(x, y) for x, y in pairs)
