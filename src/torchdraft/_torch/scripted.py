"""TorchScript modules inside a model that is traced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def scripted_modules_callable(mod: torch.nn.Module) -> Iterator[None]:
    """While a model is exported, a scripted method calls the Python it was made from, and hands it its module twice
    ("takes 2 positional arguments but 3 were given"). Here that Python is called as it should be.
    """
    scripted = [m for m in mod.modules() if isinstance(m, torch.jit.ScriptModule) and m is not mod]
    cached = [module.__dict__.get("forward") for module in scripted]
    for module in scripted:
        module.__dict__["forward"] = _as_python(module, module.forward)
    try:
        yield
    finally:
        for module, own in zip(scripted, cached, strict=True):
            if own is None:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = own


def _as_python(module: torch.nn.Module, forward: Any) -> Callable[..., Any]:
    """The method's Python on the scripted module itself, whose parameters are those the trace has swapped in.

    A module that was loaded has no Python; its method is called as it is.
    """
    function = getattr(getattr(forward, "__wrapped__", None), "__func__", None)
    if function is None:
        return forward
    return lambda *args, **kwargs: function(module, *args, **kwargs)
