"""TorchScript modules and objects inside a model that is traced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .patch import patched
from .probe import need

_fake_classes: Any = need("torch._library.fake_class_registry")
need("torch._library.fake_class_registry:maybe_to_fake_obj")


@contextmanager
def objects_that_cannot_be_taken_apart() -> Iterator[None]:
    """Export asks each object of a C++ class for its contents, to make a fake one of them. The packed weights of
    quantized modules do not answer ("does not have a field with name '__obj_flatten__'"): those stay what they are.
    """
    own = _fake_classes.maybe_to_fake_obj

    def maybe_to_fake_obj(mode: Any, thing: Any) -> Any:
        opaque = isinstance(thing, torch.ScriptObject) and not hasattr(thing, "__obj_flatten__")
        return thing if opaque else own(mode, thing)

    with patched(_fake_classes, "maybe_to_fake_obj", maybe_to_fake_obj):
        yield


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
