"""The registry of container types."""

from __future__ import annotations

from typing import Any

from .probe import need

_supported: Any = need("torch.utils._pytree:SUPPORTED_NODES")
_names: Any = need("torch.utils._pytree:SUPPORTED_SERIALIZED_TYPES")
_by_name: Any = need("torch.utils._pytree:SERIALIZED_TYPE_TO_PYTHON_TYPE")
_constants: Any = need("torch.utils._pytree:CONSTANT_NODES")
_is_namedtuple: Any = need("torch.utils._pytree:is_namedtuple_class")


def is_registered(cls: type) -> bool:
    """Whether pytree knows how to take `cls` apart."""
    return cls in _supported or cls in _constants or bool(_is_namedtuple(cls))


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
