"""Profiles as plain data, for YAML and JSON: mappings, lists, numbers and text.

torch's YAML reader takes `args_profile` and `out_profile` from the data of a profile, and of a tensor `rank`, `dtype`,
`device` and `layout`. All other keys are torchdraft's, and present only where they say something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.library import DTYPE_NUMBERS, LAYOUT_NUMBERS, TensorMetadata
from torchdraft._torch.library import OpProfile as TorchProfile

from .op_profile import ANY, OneOf, OpProfile, OutputMetadata, Value, arguments_of

_CLASSES: Mapping[str, type] = {kind.__name__: kind for kind in (int, float, bool, str)}
_LAYOUT_FIELDS = ("stride_order", "gaps", "expanded", "sizes")


@dataclass(frozen=True, slots=True)
class ProfileData:
    """Profiles to data and back. dtypes and layouts are written as these tables have them."""

    dtypes: Mapping[Any, Any]
    layouts: Mapping[Any, Any]

    def to_data(self, profile: Any) -> dict[str, Any]:
        """The data of a profile."""
        args, out, arguments = profile.args_profile, profile.out_profile, arguments_of(profile)
        data: dict[str, Any] = {
            "args_profile": [self._tensor(a) for a in args if a is not None],
            "out_profile": self._tensor(out)
            if isinstance(out, TensorMetadata)
            else list(map(self._tensor, _flat(out))),
        }
        missing = [i for i, a in enumerate(args) if a is None]
        if missing:
            data["none_arguments"] = missing
        if not _torch_can_store(out):
            data["outputs"] = _outline(out)
        if arguments is not None:
            data["arguments"] = {name: self._argument(value) for name, value in arguments}
        return data

    def from_data(self, data: Mapping[str, Any]) -> Any:
        """The profile of such data. Raises `KeyError`, `TypeError` or `ValueError` for other data."""
        given = iter([self._read_tensor(a) for a in data["args_profile"]])
        missing = set(data.get("none_arguments", ()))
        count = len(data["args_profile"]) + len(missing)
        args = tuple(None if i in missing else next(given) for i in range(count))
        out = data["out_profile"]
        outputs = [self._read_tensor(o) for o in out] if isinstance(out, list) else self._read_tensor(out)
        if "outputs" in data:
            made = _filled(data["outputs"], iter(outputs if isinstance(outputs, list) else [outputs]))
        else:
            made = tuple(outputs) if isinstance(outputs, list) else outputs
        if "arguments" not in data:
            return TorchProfile(args, made)
        named = tuple((str(name), self._read_argument(each)) for name, each in dict(data["arguments"]).items())
        return OpProfile(args, made, named)

    def _tensor(self, tensor: Any) -> dict[str, Any]:
        data = {
            "rank": tensor.rank,
            "dtype": self.dtypes[tensor.dtype],
            "device": str(tensor.device),
            "layout": self.layouts[tensor.layout],
        }
        if isinstance(tensor, OutputMetadata):
            data |= {name: list(value) for name in _LAYOUT_FIELDS if (value := getattr(tensor, name))}
            data |= {"shares": tensor.shares} if tensor.shares else {}
        return data

    def _read_tensor(self, data: Mapping[str, Any]) -> Any:
        bare = (
            int(data["rank"]),
            _named(self.dtypes, data["dtype"]),
            torch.device(data["device"]),
            _named(self.layouts, data["layout"]),
        )
        more = {name: tuple(data[name]) for name in _LAYOUT_FIELDS if name in data}
        if not more and "shares" not in data:
            return TensorMetadata(*bare)
        return OutputMetadata(*bare, **more, shares=str(data.get("shares", "")))

    def _argument(self, value: Any) -> Any:
        if isinstance(value, TensorMetadata):
            return {"tensor": self._tensor(value)}
        if isinstance(value, tuple):
            return [self._argument(each) for each in value]
        if isinstance(value, OneOf):
            return "any" if value == ANY else {"one_of": [list(v) if isinstance(v, tuple) else v for v in value.values]}
        return None

    def _read_argument(self, data: Any) -> Any:
        if data is None:
            return None
        if data == "any":
            return ANY
        if isinstance(data, list):
            return tuple(self._read_argument(each) for each in data)
        if "tensor" in data:
            return self._read_tensor(data["tensor"])
        return OneOf(tuple(tuple(v) if isinstance(v, list) else v for v in data["one_of"]))


def _named(table: Mapping[Any, Any], name: Any) -> Any:
    for value, each in table.items():
        if each == name:
            return value
    raise KeyError(name)


def _torch_can_store(out: Any) -> bool:
    flat = out if isinstance(out, tuple) else (out,)
    return all(isinstance(o, TensorMetadata) for o in flat)


def _flat(out: Any) -> list[Any]:
    """The tensors among the outputs."""
    if isinstance(out, tuple):
        return [t for o in out for t in _flat(o)]
    return [out] if isinstance(out, TensorMetadata) else []


def _outline(out: Any) -> Any:
    """The structure of the outputs: `tensor`, `none`, or the name of a Python class with the values that were observed;
    a list for a tuple.
    """
    if isinstance(out, tuple):
        return [_outline(o) for o in out]
    if isinstance(out, Value):
        return {out.kind.__name__: list(out.values)}
    if out is None:
        return "none"
    return "tensor" if isinstance(out, TensorMetadata) else out.__name__


def _filled(outline: Any, tensors: Any) -> Any:
    if isinstance(outline, list):
        return tuple(_filled(o, tensors) for o in outline)
    if isinstance(outline, dict):
        ((kind, values),) = outline.items()
        return Value(_CLASSES[kind], tuple(values))
    if outline == "tensor":
        return next(tensors)
    return None if outline == "none" else _CLASSES[outline]


IN_YAML = ProfileData(DTYPE_NUMBERS, LAYOUT_NUMBERS)
"""The numbers of torch's files, which differ between its versions."""

PROFILES = ProfileData(
    {dtype: str(dtype).removeprefix("torch.") for dtype in DTYPE_NUMBERS},
    {layout: str(layout).removeprefix("torch.") for layout in LAYOUT_NUMBERS},
)
"""Names, for the JSON of reports."""
