"""Calls of operators: recorded while a model runs, and repeated with fake tensors outside of any trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..probe import need
from ..pytree import tree_map
from ..script_objects import has_state
from ..symbolic.fake import FakeTensorMode, OpOverload
from ..symbolic.shapes import ShapeEnv

_DispatchMode: Any = need("torch.utils._python_dispatch:TorchDispatchMode")
_fake_object: Any = need("torch._library.fake_class_registry:maybe_to_fake_obj")


class RecordedCalls(_DispatchMode):
    """A context that passes each call of a custom operator to a function, before it runs."""

    def __init__(self, builtin: frozenset[str], note: Callable[[Any, Any, Any], None]) -> None:
        super().__init__()
        self.builtin = builtin
        self.note = note

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if isinstance(func, OpOverload) and func.namespace not in self.builtin:
            self.note(func, args, kwargs or {})
        return func(*args, **(kwargs or {}))


def symbolic_fake_mode() -> Any:
    """A mode of torch's own fake tensors in which sizes may be symbols."""
    return FakeTensorMode(shape_env=ShapeEnv(), allow_non_fake_inputs=True)


def fake_arguments(mode: Any, values: Any) -> Any:
    """Arguments with fake tensors and fake objects in the places of real ones. Their sizes are numbers."""

    def faked(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return mode.from_tensor(value.detach(), static_shapes=True)
        return _fake_object(mode, value) if has_state(value) else value

    return tree_map(faked, values)
