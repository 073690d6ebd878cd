"""A shipped program as a module, so that it can be compared with its model like the program itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch

from torchdraft._torch import pytree

from .interface import BROKEN, VALID, AssumptionBroken, CallInterface


class Session(Protocol):
    """A loaded program of a runtime."""

    interface: CallInterface

    def run(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The outputs by name. Raises what the runtime raises."""


class RuntimeModule(torch.nn.Module):
    """Calls a session with the arguments of the model, and applies the writes that it returns."""

    def __init__(self, session: Session, program: torch.export.ExportedProgram) -> None:
        super().__init__()
        self.session = session
        spec = program.call_spec
        self.in_spec, self.out_spec = spec.in_spec, spec.out_spec
        self.constants = dict(_constants(program))
        for name in session.interface.buffers.values():
            held = program.state_dict.get(name)
            value = program.constants[name] if held is None else held
            _register(self, name, value.detach().clone())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The model's result. Raises `AssumptionBroken` where the outputs say that an assumption does not hold."""
        leaves = self._leaves(args, kwargs)
        interface = self.session.interface
        inputs = dict(zip(interface.inputs, leaves, strict=True))
        for name in interface.contiguous:
            if not inputs[name].is_contiguous():
                raise AssumptionBroken(f"the program depends on the strides of {name}, which is not contiguous")
        buffers = dict(self.named_buffers())
        state = {name: buffers[buffer] for name, buffer in interface.buffers.items()}
        outputs = self.session.run({**interface.feed(leaves), **state})
        _check(outputs, interface)
        result = pytree.tree_unflatten(interface.result(outputs), self.out_spec)
        with torch.no_grad():
            for written, output in interface.input_writes.items():
                inputs[written].copy_(outputs[output])
            for written, output in interface.state.items():
                buffers[interface.buffers[written]].copy_(outputs[output])
        return result

    def _leaves(self, args: Any, kwargs: Any) -> list[Any]:
        order = self.in_spec.children()[1].context
        leaves, spec = pytree.tree_flatten((args, {name: kwargs[name] for name in order if name in kwargs}))
        if pytree.outline(spec) != pytree.outline(self.in_spec):
            raise TypeError("the arguments do not have the structure of the program's inputs")
        for place, value in self.constants.items():
            if type(leaves[place]) is not type(value) or not (leaves[place] == value or value != value):
                raise ValueError(f"argument {place} is {value!r} in the shipped program, got {leaves[place]!r}")
        return list(leaves)


class CallableModule(torch.nn.Module):
    """A callable as a module."""

    def __init__(self, call: Callable[..., Any]) -> None:
        super().__init__()
        self.call = call

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the callable returns."""
        return self.call(*args, **kwargs)


def _check(outputs: Mapping[str, torch.Tensor], interface: CallInterface) -> None:
    if VALID in outputs and not bool(outputs[VALID]):
        raise AssumptionBroken(interface.text_of(int(outputs[BROKEN]) if BROKEN in outputs else 0))


def _constants(program: torch.export.ExportedProgram) -> Any:
    """Place and value of each argument that is constant in the program."""
    names = program.graph_signature.user_inputs
    nodes = {node.name: node for node in program.graph.find_nodes(op="placeholder")}
    for place, name in enumerate(names):
        value = nodes[name].meta.get("val") if isinstance(name, str) and name in nodes else name
        if not isinstance(value, (torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool)):
            yield place, value


def _register(module: torch.nn.Module, name: str, value: torch.Tensor) -> None:
    *path, last = name.split(".")
    for part in path:
        if not hasattr(module, part):
            module.add_module(part, torch.nn.Module())
        module = getattr(module, part)
    module.register_buffer(last, value)
