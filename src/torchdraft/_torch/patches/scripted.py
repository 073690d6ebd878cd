"""TorchScript modules and objects inside a model that is traced."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from torchdraft._torch.probe import need

from .registry import patched

_fake_classes: Any = need("torch._library.fake_class_registry")
need("torch._library.fake_class_registry:maybe_to_fake_obj")


def as_plain_module(mod: torch.nn.Module) -> torch.nn.Module:
    """A plain module around a model that is a TorchScript module itself, or a `DataParallel`: torch swaps the
    parameters of neither ("The stateless API can't be used with Jitted modules"). Inside another they can be traced.
    """
    scripted = isinstance(mod, torch.jit.ScriptModule)
    if not scripted and not isinstance(mod, torch.nn.DataParallel):
        return mod
    held = "scripted" if scripted else "parallel"

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(self, held)(*args, **kwargs)

    signature = _signature(mod) if scripted else inspect.signature(mod.forward)
    forward.__signature__ = signature  # type: ignore[attr-defined]
    name = mod.original_name if scripted else type(mod.module).__name__
    plain: torch.nn.Module = type(str(name), (torch.nn.Module,), {"forward": forward})()
    setattr(plain, held, mod)
    plain.training = getattr(mod, "training", False)  # a frozen one has none
    return plain


def _signature(mod: Any) -> inspect.Signature:
    """The parameters of a TorchScript module's `forward`, which takes no `*args` and no `**kwargs`."""
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


@contextmanager
def loaded_parameters_as_such(mod: torch.nn.Module) -> Iterator[Callable[[torch.export.ExportedProgram], None]]:
    """The parameters of a TorchScript module that was loaded are plain tensors to Python, and export asks for more
    ("State dict entry for parameter … is not an instance of torch.nn.Parameter"). In this block they are parameters.

    Yields a function that gives a program parameters of its own in their place, over the same memory.
    """
    scripted = [module for module in mod.modules() if isinstance(module, torch.jit.ScriptModule)]
    plain = [p for module in scripted for p in module.parameters(recurse=False) if type(p) is torch.Tensor]
    for tensor in plain:
        tensor.__class__ = torch.nn.Parameter

    def keep(program: torch.export.ExportedProgram) -> None:
        for name, value in program.state_dict.items():
            if any(value is tensor for tensor in plain):
                program.state_dict[name] = torch.nn.Parameter(value.detach(), value.requires_grad)

    try:
        yield keep
    finally:
        for tensor in plain:
            tensor.__class__ = torch.Tensor


@contextmanager
def opaque_script_objects_kept() -> Iterator[None]:
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

    What has no Python is run without the interpreter's optimizer, which looks at sizes as numbers, and so fixes them.
    """
    scripted = [m for m in mod.modules() if isinstance(m, torch.jit.ScriptModule) and m is not mod]
    cached = [module.__dict__.get("forward") for module in scripted]
    for module in scripted:
        module.__dict__["forward"] = _as_python(module, module.forward)
    try:
        with torch.jit.optimized_execution(False):
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
