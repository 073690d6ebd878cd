"""Runs a merged graph in place of the model's `forward`, so that it can be traced as the model is."""

from __future__ import annotations

import functools
import inspect
import operator
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch

from torchdraft._draft.guards.shape_env import DraftShapeEnv
from torchdraft._torch import pytree
from torchdraft._torch.graph.control_flow import COND, WHILE_LOOP
from torchdraft._torch.graph.nodes import copy_origin_since, last_node
from torchdraft._torch.graph.program_inputs import user_inputs
from torchdraft._torch.patching.changes import Changes

from .merging.alignment import Unlike
from .merging.body import Body
from .merging.merge import DECISION, LOOP
from .traced.path import Path


def merged_forward(
    mod: torch.nn.Module, body: Body, paths: Sequence[Path], env: DraftShapeEnv, failed_at: list[Any]
) -> Callable[..., Any]:
    """A `forward` of `mod` that runs the merged graph of several paths, to be traced with the shape environment `env`.

    Where it raises, `failed_at` receives the path and the number of the innermost decision that it was about.
    """
    graph = torch.fx.GraphModule(body.root, body.graph)
    first = paths[0].program
    users = user_inputs(first)
    held = body.held_values(paths)
    out_spec = first.call_spec.out_spec

    def run_merged(*args: Any, **kwargs: Any) -> Any:
        leaves = pytree.tree_leaves((args, kwargs))
        if len(leaves) != len(users):
            raise Unlike(f"the program has {len(users)} inputs, and the model is called with {len(leaves)}")
        remaining = iter(leaves)
        env.sides.replays = True
        given = [
            next(remaining) if node.name in users else _value(mod, held[node.name])
            for node in graph.graph.find_nodes(op="placeholder")
        ]
        return pytree.tree_unflatten(_Replay(graph, env, failed_at).run(*given), out_spec)

    return run_merged


def _value(mod: torch.nn.Module, held: tuple[str, Any]) -> Any:
    """A parameter or buffer, as it is while the model is traced, or a constant."""
    name, constant = held
    return constant if constant is not None else operator.attrgetter(name)(mod)


def forward_is(mod: torch.nn.Module, forward: Callable[..., Any]) -> Changes:
    """A context in which a module has another `forward`, with the signature of its own, and no hooks around it."""

    def make(changes: Changes) -> None:
        replacement: Any = functools.partial(forward)
        replacement.__signature__ = inspect.signature(mod.forward)
        changes.item(mod.__dict__, "forward", replacement)
        for hooks in _HOOKS:
            changes.item(mod.__dict__, hooks, OrderedDict())

    return Changes(make)


_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_always_called",
)
"""Tables of hooks that a module calls around `forward`: what they do is in the merged graph."""


class _Replay(torch.fx.Interpreter):
    """Runs a graph; the nodes of the trace have the origins in the source of the nodes that they come from."""

    def __init__(self, module: torch.fx.GraphModule, env: DraftShapeEnv, failed_at: list[Any]) -> None:
        super().__init__(module)
        self.env_of_trace = env
        self.failed_at = failed_at
        self.extra_traceback = False

    def run_node(self, n: torch.fx.Node) -> Any:
        before = last_node()
        try:
            made = super().run_node(n)
        except Exception:
            if not self.failed_at:
                self.failed_at.extend(n.meta[name] for name in (DECISION, LOOP) if name in n.meta)
            raise
        if n.op == "call_function":
            copy_origin_since(before, n)
        return made

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        if target is COND:
            condition, one, two, operands = args
            return COND(condition, self._branch(one, condition, True), self._branch(two, condition, False), operands)
        if target is WHILE_LOOP:
            condition, step, carried, more = args
            return WHILE_LOOP(self._branch(condition, None, True), self._branch(step, None, True), carried, more)
        return super().call_function(target, args, kwargs)

    def _branch(self, side: Any, condition: Any, answer: bool) -> Callable[..., Any]:
        return self.env_of_trace.sides.side(
            lambda *operands: _Replay(side, self.env_of_trace, self.failed_at).run(*operands), condition, answer
        )
