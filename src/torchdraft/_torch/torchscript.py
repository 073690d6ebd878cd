"""Models that are TorchScript modules themselves, or `DataParallel`."""

from __future__ import annotations

import inspect
from typing import Any

import torch


def as_plain_module(mod: torch.nn.Module) -> torch.nn.Module:
    """Wraps a model that is a TorchScript module, or a `DataParallel`, in a plain module; returns any other unchanged.

    torch cannot swap the parameters of either ("The stateless API can't be used with Jitted modules"), but it can trace
    them as submodules.
    """
    scripted = isinstance(mod, torch.jit.ScriptModule)
    if not scripted and not isinstance(mod, torch.nn.DataParallel):
        return mod
    attribute = "scripted" if scripted else "parallel"

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(self, attribute)(*args, **kwargs)

    signature = _signature(mod) if scripted else inspect.signature(mod.forward)
    forward.__signature__ = signature  # type: ignore[attr-defined]
    name = mod.original_name if scripted else type(mod.module).__name__
    plain: torch.nn.Module = type(str(name), (torch.nn.Module,), {"forward": forward})()
    setattr(plain, attribute, mod)
    plain.training = getattr(mod, "training", False)  # a frozen TorchScript module has no `training`
    return plain


def _signature(mod: Any) -> inspect.Signature:
    """The signature of a TorchScript module's `forward`, which takes no `*args` and no `**kwargs`."""
    empty = inspect.Parameter.empty
    return inspect.Signature(
        [
            inspect.Parameter(
                argument.name,
                inspect.Parameter.KEYWORD_ONLY if argument.kwarg_only else inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=argument.default_value if argument.has_default_value() else empty,
            )
            for argument in mod.forward.schema.arguments
        ]
    )
