"""Patches for the traces of single paths, which are merged into one graph before torch transforms it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import sympy
import torch

from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import EXPORT, MERGED, PATH


@patches(
    "torch._export.passes.replace_set_grad_with_hop_pass:replace_set_grad_with_hop_pass",
    "torch._export.passes.replace_autocast_with_hop_pass:replace_autocast_with_hop_pass",
    scope=PATH,
    why="The pass moves the operations of a `no_grad` or autocast block into an inner graph. A branch in the block can "
    "be merged with its other side only where both are operations of one graph.",
)
def regions_stay_flat(original: Any) -> Any:  # noqa: ARG001
    """Leaves the calls that enter and leave such a block in the graph; the merged graph gets the pass."""
    return lambda module, signature: (module, signature)


@patches(
    "torch._export.utils:insert_deferred_runtime_asserts",
    "torch.fx.passes.runtime_assert:insert_deferred_runtime_asserts",
    scope=PATH,
    why="Torch puts each assertion about symbols as far to the front as it can: before a branch, for one that only a "
    "side of it needs. The merged graph gets the assertions.",
)
def no_deferred_assertions(original: Any) -> Any:  # noqa: ARG001
    """Inserts nothing."""
    return lambda *_args, **_kwargs: None


@patches(
    "torch:Tensor.__iter__",
    scope=PATH,
    why="Iteration over a tensor takes the example's number of rows. Where each path is traced, each turn asks.",
)
def rows_by_turns(original: Any, rows: Callable[[torch.Tensor], Any]) -> Any:
    """Iterates over the rows one by one where their number is a symbol."""

    @functools.wraps(original)
    def iterate(self: torch.Tensor) -> Any:
        if self.dim() == 0 or not isinstance(self.shape[0], torch.SymInt):
            return original(self)
        return rows(self)

    return iterate


@patches(
    "torch.fx.experimental.sym_node:SymNode.hint",
    scope=(PATH, MERGED),
    why="A symbolic number stores its value on the example when it is made. On a side of a branch that the example "
    "does not take, sizes have other values.",
)
def hints_of_the_side(original: Any) -> Any:
    """The value that a number has with the sizes of the side of a branch that is being traced."""

    def hint(self: Any) -> Any:
        stored, env = original.fget(self), self.shape_env
        sides = getattr(env, "sides", None)
        if stored is None or sides is None or not sides.assumed or isinstance(stored, torch.SymInt):
            return stored
        value = self.expr.xreplace(env.backed_var_to_val)
        return self.pytype(value) if value.is_number or value in (sympy.true, sympy.false) else stored

    return property(hint)


@patches(
    "torch._higher_order_ops.cond:CondOp.gen_schema",
    scope=MERGED,
    why="Where an operand requires grad, upstream traces both sides once more to see whether they write to operands. "
    "That takes exponential time where sides are nested. The sides of a merged graph write to none.",
)
def no_written_operands(original: Any) -> Any:  # noqa: ARG001
    """A schema without arguments; upstream reads of it which arguments are written."""
    return lambda *_args: SimpleNamespace(arguments=())


@patches(
    "torch._export.utils:_name_hoo_subgraph_placeholders",
    scope=EXPORT,
    why="Upstream gives an input of a branch the name of its operand, also where an operation of the branch has this "
    "name already, if the name ends with an underscore (`index_put_`).",
)
def inner_names_differ(original: Any) -> Any:
    """Renames operations in inner graphs that have the name of another node."""

    def name_placeholders(module: torch.fx.GraphModule) -> None:
        _rename_repeated(module)
        original(module)
        for inner in module.modules():
            if isinstance(inner, torch.fx.GraphModule):
                _rename_repeated(inner)
                _take_names(inner.graph)

    return name_placeholders


def _take_names(graph: torch.fx.Graph) -> None:
    """Makes the names of the nodes known to the graph, so that no node gets one of them that is added later."""
    names: Any = graph._graph_namespace
    for node in graph.nodes:
        names._used_names.add(node.name)


def _rename_repeated(module: torch.fx.GraphModule) -> None:
    names = {node.name for node in module.graph.nodes}
    if len(names) == len(module.graph.nodes):
        return
    seen: set[str] = set()
    for node in module.graph.nodes:
        if node.name in seen:
            stem = node.name.rstrip("_0123456789") or "node"
            node.name = next(name for name in (f"{stem}_{n}" for n in itertools.count(1)) if name not in names)
            names.add(node.name)
        seen.add(node.name)
    module.recompile()
