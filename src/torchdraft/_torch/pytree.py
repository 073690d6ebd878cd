"""torch's pytrees: flattening, and the registries of container types."""

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
TreeSpec: Any = need("torch.utils._pytree:TreeSpec")
tree_map: Any = need("torch.utils._pytree:tree_map")
register_pytree_node: Any = need("torch.utils._pytree:register_pytree_node")
GetAttrKey: Any = need("torch.utils._pytree:GetAttrKey")
MappingKey: Any = need("torch.utils._pytree:MappingKey")
SequenceKey: Any = need("torch.utils._pytree:SequenceKey")
_supported: Any = need("torch.utils._pytree:SUPPORTED_NODES")
_names: Any = need("torch.utils._pytree:SUPPORTED_SERIALIZED_TYPES")
_by_name: Any = need("torch.utils._pytree:SERIALIZED_TYPE_TO_PYTHON_TYPE")
_constants: Any = need("torch.utils._pytree:CONSTANT_NODES")
_builtin: Any = need("torch.utils._pytree:BUILTIN_TYPES")
_is_namedtuple: Any = need("torch.utils._pytree:is_namedtuple_class")


def is_registered(cls: type) -> bool:
    """Whether pytree flattens `cls`."""
    return cls in _supported or cls in _constants or bool(_is_namedtuple(cls))


def is_known_in_files(name: str) -> bool:
    """Whether a class is registered here under the name that files have for it."""
    return name in _by_name


def is_unsaveable_namedtuple(cls: type) -> bool:
    """Whether `cls` is a named tuple that pytree flattens and cannot serialize."""
    return bool(_is_namedtuple(cls)) and cls not in _names


register_namedtuple: Any = need("torch.utils._pytree:_register_namedtuple")


def flatten_one_level(value: Any) -> tuple[list[Any], Any]:
    """The children of `value`, not flattened themselves, and its structure."""
    children, spec = tree_flatten(value, is_leaf=lambda inner: inner is not value)
    return children, spec


def children_with_keys(value: Any) -> list[tuple[Any, Any]]:
    """pytree's key of each child of `value`, and the child; positions for a class that is registered without keys."""
    try:
        return [(path[0], child) for path, child in leaves_with_path(value, is_leaf=lambda inner: inner is not value)]
    except ValueError:
        return [(SequenceKey(index), child) for index, child in enumerate(flatten_one_level(value)[0])]


def with_children(value: Any, children: list[Any]) -> Any:
    """`children` in a container as `torch.export` compares it with `value`: of the same class for built-in containers
    and named tuples, in the list or tuple that a registered class is flattened into for others.
    """
    cls = type(value)
    if cls in _builtin or _is_namedtuple(cls):
        return tree_unflatten(children, flatten_one_level(value)[1])
    return tuple(children) if isinstance(_supported[cls].flatten_fn(value)[0], tuple) else list(children)


def outline(spec: Any) -> Any:
    """The nested container types of a structure and, for built-in dictionaries, their keys; can be compared.

    The context of a custom class is left out, because it may not be comparable.
    """
    if not spec.num_children:
        return spec.type
    keys = spec.context if spec.type in _KEYED else None
    return spec.type, keys, [outline(child) for child in spec.children()]


def keys_of(spec: Any) -> list[Any]:
    """The list of keys in a dictionary's structure, which the caller may edit; empty for other structures."""
    if spec.type is defaultdict:
        return spec.context[1]
    return spec.context if spec.type in _KEYED else []


_KEYED = (dict, OrderedDict)


def unregister(cls: type) -> None:
    """Undoes `torch.utils._pytree.register_pytree_node`, in the Python and the C++ registry."""
    _supported.pop(cls, None)
    definition = _names.pop(cls, None)
    if definition is not None:
        _by_name.pop(definition.serialized_type_name, None)
    try:
        need("torch.utils._cxx_pytree:optree").unregister_pytree_node(cls, namespace="torch")
    except Exception:  # the C++ registry is optional and may not contain the class
        return
