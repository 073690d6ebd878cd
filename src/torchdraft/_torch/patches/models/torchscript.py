"""Patches for TorchScript modules and objects inside a model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import patches, temporary
from torchdraft._torch.patching.scopes import MODEL, TRACE
from torchdraft._torch.probe import need

_optimized: Any = need("torch._C:_get_graph_executor_optimize")
_set_optimized: Any = need("torch._C:_set_graph_executor_optimize")


class LoadedParameters:
    """The parameters of TorchScript modules that were loaded from a file: to Python they are plain tensors."""

    def __init__(self, mod: torch.nn.Module) -> None:
        self.tensors = [
            parameter
            for module in _scripted(mod)
            for parameter in module.parameters(recurse=False)
            if type(parameter) is torch.Tensor
        ]

    def replace_in(self, program: torch.export.ExportedProgram) -> None:
        """Replaces those in the program's `state_dict` by new parameters over the same memory."""
        for name, value in program.state_dict.items():
            if any(value is tensor for tensor in self.tensors):
                program.state_dict[name] = torch.nn.Parameter(value.detach(), value.requires_grad)


@temporary(
    "torch.nn:Parameter",
    scope=MODEL,
    why='Export raises "State dict entry for parameter … is not an instance of torch.nn.Parameter" for the parameters '
    "of a TorchScript module that was loaded.",
)
def loaded_parameters_as_parameters(changes: Changes, loaded_parameters: LoadedParameters) -> None:
    """Sets `__class__` of the user's tensors to `Parameter`, for those that are parameters to TorchScript only."""
    for tensor in loaded_parameters.tensors:
        changes.afterwards(partial(setattr, tensor, "__class__", torch.Tensor))
        tensor.__class__ = torch.nn.Parameter


@patches(
    "torch.fx:Tracer.create_arg",
    scope=TRACE,
    why="The tracer looks a `ScriptObject` up in a dictionary. The dispatcher passes one object in several Python "
    "objects with the same hash, and a comparison of these raises NotImplementedError.",
    upstream="torch.fx.Tracer.create_arg",
)
def script_objects_found_again(original: Any) -> Any:
    """Makes one attribute of the graph of a `ScriptObject`, however often it is used."""

    def create_arg(self: Any, value: Any) -> Any:
        if isinstance(value, torch.ScriptObject):
            known = (other for other in self.tensor_attrs if isinstance(other, torch.ScriptObject))
            value = next((other for other in known if hash(other) == hash(value)), value)
        return original(self, value)

    return create_arg


@patches(
    "torch._library.fake_class_registry:maybe_to_fake_obj",
    scope=TRACE,
    why="Export makes a fake object of each `ScriptObject` from its `__obj_flatten__`. The packed weights of quantized "
    "modules have no such method (\"does not have a field with name '__obj_flatten__'\").",
)
def opaque_script_objects_passed(original: Any) -> Any:
    """Passes a `ScriptObject` without `__obj_flatten__` as it is."""

    def maybe_to_fake_obj(mode: Any, thing: Any) -> Any:
        opaque = isinstance(thing, torch.ScriptObject) and not hasattr(thing, "__obj_flatten__")
        return thing if opaque else original(mode, thing)

    return maybe_to_fake_obj


@patches(
    "torch.jit:RecursiveScriptModule._call_impl",
    scope=TRACE,
    why="During an export a scripted method calls the Python function that it was compiled from, and passes its module "
    'twice ("takes 2 positional arguments but 3 were given"). A loaded module has no such function.',
)
def scripted_modules_called_as_python(original: Any) -> Any:
    """Calls the Python function of a scripted module's `forward`, whether `forward` of the model made the module, or
    the model holds it.
    """

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        attributes = self.__dict__
        own = attributes.get("forward")  # a loaded module finds its method elsewhere
        attributes["forward"] = _as_python(self, self.forward)
        try:
            return original(self, *args, **kwargs)
        finally:
            if own is None:
                del attributes["forward"]
            else:
                attributes["forward"] = own

    return call


@temporary(
    "torch.jit:optimized_execution",
    scope=TRACE,
    why="The interpreter's optimizer reads sizes as plain integers in a trace, which specializes them.",
)
def scripts_not_optimized(changes: Changes) -> None:
    """Turns the optimizer of TorchScript off."""
    changes.afterwards(partial(_set_optimized, _optimized()))
    _set_optimized(False)


def _scripted(mod: torch.nn.Module) -> list[torch.nn.Module]:
    return [module for module in mod.modules() if isinstance(module, torch.jit.ScriptModule)]


def _as_python(module: torch.nn.Module, forward: Any) -> Callable[..., Any]:
    """The method's Python function, bound to the scripted module, which holds the fake parameters during the trace.

    A module that was loaded has no Python function; its method is returned as it is.
    """
    function = getattr(getattr(forward, "__wrapped__", None), "__func__", None)
    if function is None:
        return forward
    return lambda *args, **kwargs: function(module, *args, **kwargs)
