"""The registry of container types."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import Any

from .probe import need

tree_flatten: Any = need("torch.utils._pytree:tree_flatten")
tree_unflatten: Any = need("torch.utils._pytree:tree_unflatten")
tree_leaves: Any = need("torch.utils._pytree:tree_leaves")
leaves_with_path: Any = need("torch.utils._pytree:tree_leaves_with_path")
keystr: Any = need("torch.utils._pytree:keystr")
tree_map_only: Any = need("torch.utils._pytree:tree_map_only")
register_pytree_node: Any = need("torch.utils._pytree:register_pytree_node")
GetAttrKey: Any = need("torch.utils._pytree:GetAttrKey")
MappingKey: Any = need("torch.utils._pytree:MappingKey")
SequenceKey: Any = need("torch.utils._pytree:SequenceKey")
_supported: Any = need("torch.utils._pytree:SUPPORTED_NODES")
_names: Any = need("torch.utils._pytree:SUPPORTED_SERIALIZED_TYPES")
_by_name: Any = need("torch.utils._pytree:SERIALIZED_TYPE_TO_PYTHON_TYPE")
_constants: Any = need("torch.utils._pytree:CONSTANT_NODES")
_is_namedtuple: Any = need("torch.utils._pytree:is_namedtuple_class")


def is_registered(cls: type) -> bool:
    """Whether pytree knows how to take `cls` apart."""
    return cls in _supported or cls in _constants or bool(_is_namedtuple(cls))


def nameless_namedtuple(cls: type) -> bool:
    """Whether `cls` is a named tuple that pytree takes apart and cannot save."""
    return bool(_is_namedtuple(cls)) and cls not in _names


register_namedtuple: Any = need("torch.utils._pytree:_register_namedtuple")


def leaves_one_level(value: Any) -> tuple[list[Any], Any]:
    """The children of `value` and its structure; what the children are made of is left together."""
    children, spec = tree_flatten(value, is_leaf=lambda inner: inner is not value)
    return children, spec


def outline(spec: Any) -> Any:
    """The containers of a structure: their types and, for the built-in ones, their keys, nested as they are.

    What a custom class keeps beside its children is left out: nothing says that it can be compared.
    """
    if not spec.num_children:
        return spec.type
    keys = spec.context if spec.type in _KEYED else None
    return spec.type, keys, [outline(child) for child in spec.children()]


def keys_of(spec: Any) -> list[Any]:
    """The keys of a dictionary's structure, to be replaced in place; none of another's."""
    if spec.type is defaultdict:
        return spec.context[1]
    return spec.context if spec.type in _KEYED else []


_KEYED = (dict, OrderedDict)


def unregister(cls: type) -> None:
    """Removes what `torch.utils._pytree.register_pytree_node` added, in both the Python and the C++ registry."""
    _supported.pop(cls, None)
    definition = _names.pop(cls, None)
    if definition is not None:
        _by_name.pop(definition.serialized_type_name, None)
    try:
        need("torch.utils._cxx_pytree:optree").unregister_pytree_node(cls, namespace="torch")
    except Exception:  # the C++ registry is optional and may never have seen the class
        return
