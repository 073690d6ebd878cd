"""What export does once per graph, made faster: generating code, rewriting metadata, comparing attributes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from torchdraft._torch.dispatch import without_function_modes
from torchdraft._torch.patching.registry import applied, patches
from torchdraft._torch.patching.scopes import BINDINGS, EXPORT
from torchdraft._torch.probe import need

_lazy_graph_module: Any = need("torch.fx._lazy_graph_module")
need("torch.fx._lazy_graph_module:_force_skip_lazy_graph_module_flag")
_make_graph_module: Any = need("torch.fx._lazy_graph_module:_make_graph_module")
_strip_root: Any = need("torch.export._trace:_strip_root")
_replace_unbacked_bindings: Any = need("torch.export._trace:_replace_unbacked_bindings")
_unbacked_with_path: Any = need("torch.fx.experimental.symbolic_shapes:_free_unbacked_symbols_with_path")
_FakeTensor: Any = need("torch._subclasses.fake_tensor:FakeTensor")
_pytree: Any = need("torch.utils._pytree")


@patches(
    "torch.fx._lazy_graph_module:_use_lazy_graph_module_flag",
    scope=EXPORT,
    why="Speed: export generates the Python code of its graph about 24 times. The strict path needs the generated "
    "code of Dynamo's graph (`_in_spec`) and keeps it.",
    upstream="torch.fx._lazy_graph_module._use_lazy_graph_module",
)
def lazy_graph_modules(_original: Any, strict: bool) -> bool:
    """Generates the code of a graph module when the module is first called."""
    return not strict and not _lazy_graph_module._force_skip_lazy_graph_module_flag


@patches(
    "torch.export.exported_program:_create_graph_module_for_export",
    scope=EXPORT,
    why="Speed: upstream makes a plain graph module and generates its code.",
)
def lazy_graph_module_for_export(_original: Any) -> Any:
    """Makes the program's graph module lazy as well."""
    return _make_graph_module


@patches(
    "torch.export._trace:_replace_unbacked_bindings",
    scope=EXPORT,
    why="Speed: upstream searches the metadata of every node for unbacked symbols, although most traces have none.",
)
def bindings_replaced_where_needed(_original: Any, any_unbacked: Callable[[], bool]) -> Any:
    """Skips the search where the trace created no unbacked symbol, and applies BINDINGS otherwise."""

    def replace_unbacked_bindings(graph_module: torch.fx.GraphModule) -> None:
        # Upstream's function, not the original: in a draft inside a draft the outer `any_unbacked` has no say.
        if any_unbacked():
            with applied(BINDINGS), without_function_modes():
                _replace_unbacked_bindings(graph_module)

    return replace_unbacked_bindings


@patches(
    "torch.fx.experimental.symbolic_shapes:_free_unbacked_symbols_with_path",
    scope=BINDINGS,
    why="Speed: upstream examines every size, stride and offset of a tensor.",
)
def fast_unbacked_with_path(_original: Any) -> Any:
    """Uses `unbacked_with_path`, which skips what has only plain integers."""
    return unbacked_with_path


def unbacked_with_path(value: Any, path: Any, *args: Any, **kwargs: Any) -> dict[Any, Any]:
    """Upstream's `_free_unbacked_symbols_with_path`, skipping what has only plain integers."""
    if type(value) is int or (type(value) is _FakeTensor and not value._has_symbolic_sizes_strides):
        return {}
    found: dict[Any, Any] = _unbacked_with_path(value, path, *args, **kwargs)
    return found


@patches(
    "torch.export._trace:_detect_attribute_assignment",
    scope=EXPORT,
    why="Speed, and upstream recurses without end where a container contains itself: it copies and compares every "
    "attribute of every module. torchdraft reports assigned attributes and restores them before upstream compares.",
)
def attribute_comparison_skipped(_original: Any) -> Any:
    """Skips the comparison of the modules' attributes."""

    def detect(_mod: torch.nn.Module) -> AbstractContextManager[None]:
        return nullcontext()

    return detect


@patches(
    "torch.export._trace:pytree",
    scope=EXPORT,
    why="Speed: upstream calls `tree_map` on the module stack of every node, a tree of strings.",
)
def fast_module_stacks(_original: Any) -> Any:
    """Maps a module stack without `tree_map`."""
    return _FastTrees()


class _FastTrees:
    """Stands in for the module `torch.utils._pytree`."""

    def tree_map(self, function: Any, tree: Any, *rest: Any, **options: Any) -> Any:
        """Upstream's, with a shortcut for the module stack of a node: `{key: (path, class)}`."""
        if function is _strip_root and not rest and not options and _is_module_stack(tree):
            return {key: (_strip_root(path), _strip_root(cls)) for key, (path, cls) in tree.items()}
        return _pytree.tree_map(function, tree, *rest, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(_pytree, name)


def _is_module_stack(tree: Any) -> bool:
    return type(tree) in (dict, OrderedDict) and all(
        type(value) is tuple and len(value) == 2 and type(value[0]) is str and type(value[1]) in (str, type)
        for value in tree.values()
    )
