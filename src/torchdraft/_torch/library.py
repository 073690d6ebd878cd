"""Custom operators: their registered kernels and torch's operator profiles."""

from __future__ import annotations

from typing import Any

import torch

from .probe import need

MissingOpProfile: Any = need("torch._library.fake_profile:MissingOpProfile")
OpProfile: Any = need("torch._library.fake_profile:OpProfile")
TensorMetadata: Any = need("torch._library.fake_profile:TensorMetadata")
torchs_profile_kernels: Any = need("torch._library.fake_profile:unsafe_generate_fake_kernels")
"""torch's own context in which profiles are fake kernels, for comparisons."""

_serialize = "torch._export.serde.serialize"
DTYPE_NUMBERS: dict[torch.dtype, int] = {d: int(e) for d, e in need(f"{_serialize}:_TORCH_TO_SERIALIZE_DTYPE").items()}
LAYOUT_NUMBERS: dict[torch.layout, int] = {
    layout: int(e) for layout, e in need(f"{_serialize}:_TORCH_TO_SERIALIZE_LAYOUT").items()
}

definition_of: Any = need("torch._library.custom_ops:_maybe_get_opdef")
_registry: Any = need("torch._library.simple_registry:singleton")
_is_trivial: Any = need("torch._library.utils:can_generate_trivial_fake_impl")
_has_kernel: Any = need("torch._C:_dispatch_has_kernel_for_dispatch_key")


OpOverloadPacket: Any = need("torch._ops:OpOverloadPacket")
OPERATORS: tuple[type, ...] = (need("torch._ops:OpOverload"), OpOverloadPacket)
"""The classes of operators, as a model calls them."""


def is_composite(op: Any) -> bool:
    """Whether `op` is composed of other operators, and writes to no argument and returns none."""
    schema = op._schema
    plain = not schema.is_mutable and all(each.alias_info is None for each in (*schema.arguments, *schema.returns))
    return plain and bool(_has_kernel(op.name(), "CompositeImplicitAutograd"))


def operator_named(name: str) -> Any:
    """The operator `namespace::name` or `namespace::name.overload`. Raises `AttributeError` where there is none."""
    namespace, _, rest = name.partition("::")
    base, _, overload = rest.partition(".")
    return getattr(getattr(getattr(torch.ops, namespace), base), overload or "default")


def fake_kernels_of(name: str) -> Any:
    """torch's list of the fake kernels that are registered for an operator, the one in use last."""
    return _registry.find(name).fake_impl


def has_written_fake(op: Any) -> bool:
    """Whether a fake (or meta) kernel is registered for `op`.

    A `CompositeExplicitAutograd` kernel, which torch runs on meta tensors, does not count. Neither does a kernel that
    torch generates (`can_generate_trivial_fake_impl`, for an op that only mutates).
    """
    definition = definition_of(op.name())
    if definition is not None:
        return definition._abstract_fn is not None
    entry = _registry.find(op.name())
    return entry.fake_impl.kernel is not None or bool(_has_kernel(op.name(), "Meta"))


def onnx_operator(
    name: str, tensor: Any, attributes: dict[str, int], dtype: torch.dtype, shape: list[int]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The call of an ONNX operator of one tensor, as a node of a graph: target, arguments and keyword arguments.

    `torch.onnx.ops.symbolic` makes this call of tensors.
    """
    module = "torch.onnx.ops._symbolic_impl"  # imported when it is needed
    call, encoded = need(f"{module}:_symbolic"), need(f"{module}:EncodedAttrs").from_dict(attributes)
    number = next(
        n for n, known in need("torch.onnx.ops._dtype_mappings:ONNX_DTYPE_TO_TORCH_DTYPE").items() if known == dtype
    )
    options = {
        **{key: list(getattr(encoded, key)) for key in _ONNX_ATTRIBUTES},
        "attr_pos": [list(place) for place in encoded.attr_pos],
        "metadata_props_keys": [],
        "metadata_props_values": [],
    }
    return call._opoverload, ([tensor], name, number), {"shape": shape, **options}


_ONNX_ATTRIBUTES = ("attr_keys", "attr_types", "attr_ints", "attr_floats", "attr_strs")


def needs_no_fake_kernel(op: Any) -> bool:
    """Whether `op` needs no fake kernel: it decomposes into other ops, or returns nothing but its mutated arguments."""
    return bool(_is_trivial(op)) or bool(_has_kernel(op.name(), "CompositeImplicitAutograd"))


_effect_of: Any = need("torch._higher_order_ops.effects:_get_effect")


def has_side_effects(op: Any) -> bool:
    """Whether `op` is registered as an operator with side effects, which torch keeps in order."""
    return _effect_of(op) is not None
