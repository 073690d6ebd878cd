"""What torch's file format can hold: tensors, objects, and arguments of nodes.

The serializer itself is asked about unusual nodes only. It would take as long as a tenth of the trace for all of them,
and it would copy every weight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

from ..probe import need
from ..symbolic.fake import OpOverload
from .nodes import has_plain_memory, is_saveable

_Serializer: Any = need("torch._export.serde.serialize:GraphModuleSerializer")
_extensions: Any = need("torch._export.serde.serialize:_serialization_registry")
_is_subclass: Any = need("torch.export.pt2_archive._package:_is_tensor_subclass")
_dtypes: Any = need("torch._export.serde.serialize:_TORCH_TO_SERIALIZE_DTYPE")
for _name in ("serialize_input", "handle_call_function", "serialize_hoo_outputs", "serialize_module_call_graph"):
    need(f"torch._export.serde.serialize:GraphModuleSerializer.{_name}")

_Number = (torch.SymInt, torch.SymFloat, torch.SymBool)
_PLAIN = (int, float, bool, str, type(None), complex, torch.device, torch.layout, torch.memory_format)
"""Classes of arguments that can always be saved. Nodes can too, unless they get an attribute."""


class Unsaveable(NamedTuple):
    """A part of a program that a file cannot hold."""

    what: str
    """The name of a tensor or object in the program, or the operator."""
    reason: str
    node: torch.fx.Node | None = None


def unsaveable_parts(program: torch.export.ExportedProgram) -> list[Unsaveable]:
    """The parts of a program for which `torch.export.save` would raise."""
    calls = _unsaveable_calls(program.graph_module, program)
    return [*_unsaveable_values(program), *_unsaveable_signatures(program), *calls]


def _unsaveable_values(program: torch.export.ExportedProgram) -> Iterator[Unsaveable]:
    """Weights and constants that cannot be written."""
    placeholders = {node.name: node for node in program.graph.find_nodes(op="placeholder")}
    nodes = {spec.target: placeholders.get(spec.arg.name) for spec in program.graph_signature.input_specs}
    for name, value in (program.state_dict | program.constants).items():
        if reason := _obstacle(value):
            yield Unsaveable(name, reason, nodes.get(name))


def _obstacle(value: Any) -> str:
    """Why a weight or constant cannot be written; empty where it can."""
    if isinstance(value, torch.ScriptObject):
        pickles = value._has_method("__getstate__") and value._has_method("__setstate__")
        return "" if pickles else "its TorchBind class has no `def_pickle`"
    if not isinstance(value, torch.Tensor):
        return ""
    if value.is_nested:
        return "the file format has no nested tensors"
    if _is_subclass(value):
        return "its class is defined in a function" if "<locals>" in type(value.data).__qualname__ else ""
    if value.layout is not torch.strided:
        return f"the file format has no data of the layout {value.layout}"
    if not (has_plain_memory(value) and is_saveable(value)):
        return f"the file format has no data of the dtype {value.dtype}"
    return ""


def _unsaveable_signatures(program: torch.export.ExportedProgram) -> Iterator[Unsaveable]:
    try:
        _Serializer(program.graph_signature, program.module_call_graph).serialize_module_call_graph(
            program.module_call_graph
        )
    except Exception as error:  # whatever a class that pytree knows raises when it is written
        yield Unsaveable("the structure of inputs and outputs", _told(error))


def _unsaveable_calls(module: torch.fx.GraphModule, program: torch.export.ExportedProgram) -> Iterator[Unsaveable]:
    """Calls with an argument or a result that cannot be written, those in bodies of other calls included."""
    of_reported: set[str] = set()
    for node in module.graph.nodes:
        if node.op != "call_function":
            continue
        arguments = [argument for argument in (*node.args, *node.kwargs.values()) if not _is_plain(argument)]
        if (arguments or _is_unusual(node)) and (reason := _refusal(node, arguments, program)):
            of_reported.update(str(given.target) for given in node.all_input_nodes if given.op == "get_attr")
            yield Unsaveable(str(node.target), reason, node)
    for name, body in module.named_children():
        if isinstance(body, torch.fx.GraphModule) and name not in of_reported:
            yield from _unsaveable_calls(body, program)


def _is_plain(argument: Any) -> bool:
    """Whether an argument can be written for certain."""
    if isinstance(argument, torch.fx.Node):
        return argument.op != "get_attr" or _is_graph(argument)
    if isinstance(argument, _PLAIN):
        return True
    if isinstance(argument, torch.dtype):
        return argument in _dtypes
    if not isinstance(argument, (list, tuple)):
        return False
    classes = {_class_in_list(each) for each in argument}
    return classes in _PLAIN_LISTS


_PLAIN_LISTS: tuple[set[Any], ...] = (
    set(),
    *({each} for each in (torch.Tensor, torch.SymInt, int, float, bool, str)),
    {int, torch.SymInt},
    {torch.Tensor, None},
)
"""The classes of the elements of a list that can be written for certain."""


def _class_in_list(element: Any) -> Any:
    """What an element of a list is, as far as the serializer distinguishes it."""
    if not isinstance(element, torch.fx.Node):
        return None if element is None else type(element)
    value = element.meta.get("val") if element.op != "get_attr" else None
    return next((kind for kind in (torch.Tensor, torch.SymInt) if isinstance(value, kind)), object)


def _is_graph(node: torch.fx.Node) -> bool:
    """Whether the node gets a graph (the body of a control flow operator), which is looked through by itself."""
    return isinstance(getattr(node.graph.owning_module, str(node.target), None), torch.fx.GraphModule)


def _is_unusual(node: torch.fx.Node) -> bool:
    """Whether the serializer treats a call specially, or a result of this class."""
    value = node.meta.get("val")
    if "triton_kernel" in str(node.target) or node.meta.get("custom"):
        return True
    if value is None or isinstance(value, (torch.Tensor, *_Number)):
        return False
    plain_list = isinstance(value, (list, tuple)) and all(isinstance(each, torch.Tensor) for each in value)
    return not (plain_list or isinstance(value, (int, float, bool)))


def _refusal(node: torch.fx.Node, arguments: list[Any], program: torch.export.ExportedProgram) -> str:
    """What the serializer says against a call, or against these arguments of a call; empty where nothing."""
    serializer = _Serializer(program.graph_signature, program.module_call_graph)
    for given in node.all_input_nodes:
        _declare(serializer.graph_state, given)
    try:
        if isinstance(node.target, OpOverload) or type(node.target) in _extensions or _is_unusual(node):
            serializer.handle_call_function(node)
        else:  # the bodies of a higher-order operator are left out
            for argument in arguments:
                serializer.serialize_input(argument)
    except Exception as error:  # SerializeError, KeyError, AssertionError
        return _told(error)
    return ""


def _declare(state: Any, node: torch.fx.Node) -> None:
    """Tells a serializer that a node is a symbolic number, as it would know after writing it."""
    value = node.meta.get("val")
    for kind, known in (
        (torch.SymInt, state.sym_int_values),
        (torch.SymFloat, state.sym_float_values),
        (torch.SymBool, state.sym_bool_values),
    ):
        if isinstance(value, kind):
            known[node.name] = value


def _told(error: Exception) -> str:
    """The error that the serializer met first, as one line, with classes by their names."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    text = re.sub(r"<class '(?:[\w.]*\.)?(\w+)'>", r"\1", " ".join(str(error).split()))
    return f"{type(error).__name__}: {text[:200]}"
