"""Writes operator profiles to YAML files that torch reads, and reads those and torch's own.

torch's format drops arguments that are None and refuses outputs that are no tensors. The keys `none_arguments` and
`outputs`, which torch ignores, contain them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import IO, Any

import torch

from torchdraft._torch.library import DTYPE_NUMBERS, LAYOUT_NUMBERS, OpProfile, TensorMetadata
from torchdraft._torch.probe import SUPPORTED, version

_DTYPES = {number: dtype for dtype, number in DTYPE_NUMBERS.items()}
_LAYOUTS = {number: layout for layout, number in LAYOUT_NUMBERS.items()}
_CLASSES: dict[str, type] = {kind.__name__: kind for kind in (int, float, bool, str)}

File = str | os.PathLike[str] | IO[Any]


class ProfileFormatError(ValueError):
    """The file contains no operator profiles, or profiles that this version cannot read."""


def save_op_profiles(op_profiles: Mapping[str, Set[Any]], f: File) -> None:
    """Writes profiles as YAML, to be stored with the model.

    Args:
        op_profiles: operator (`mylib.foo.default`) → its profiles, such as `report.op_profiles`.
        f: a path, or a file open for text or bytes.

    """
    import yaml

    operators = {op: sorted(map(_to_data, profiles), key=repr) for op, profiles in sorted(op_profiles.items())}
    head = {"torch_version": "{}.{}".format(*version()), "operators": operators}
    text = yaml.dump(head, sort_keys=False)
    if isinstance(f, (str, os.PathLike)):
        Path(f).write_text(text, encoding="utf-8")
    else:
        f.write(text if _takes_text(f) else text.encode())


def _takes_text(f: Any) -> bool:
    return isinstance(f, io.TextIOBase) or hasattr(f, "encoding")


def load_op_profiles(f: File) -> dict[str, set[Any]]:
    """Reads what `save_op_profiles` of torchdraft or of torch wrote, under any supported version of torch.

    Raises `ProfileFormatError` where the file is something else.
    """
    import yaml

    content = Path(f).read_bytes() if isinstance(f, (str, os.PathLike)) else f.read()
    try:
        body = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ProfileFormatError(f"expected the YAML of operator profiles: {error}") from error
    if not isinstance(body, dict) or not isinstance(body.get("operators"), dict):
        raise ProfileFormatError("expected operator profiles, a mapping with the key 'operators'; see save_op_profiles")
    _check_version(body.get("torch_version"))
    try:
        return {op: {_from_data(profile) for profile in profiles} for op, profiles in body["operators"].items()}
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ProfileFormatError(f"not an operator profile: {type(error).__name__}: {error}") from error


def _check_version(text: Any) -> None:
    """Refuses unsupported versions: dtypes are stored as numbers, which differ between versions."""
    low, high = SUPPORTED
    try:
        major, minor = map(int, str(text).split(".")[:2])
    except ValueError:
        raise ProfileFormatError(f"expected 'torch_version' to be a version such as '2.13', not {text!r}") from None
    if not low <= (major, minor) <= high:
        raise ProfileFormatError(
            f"the profiles were written under torch {text}; readable are those of {low[0]}.{low[1]} to "
            f"{high[0]}.{high[1]}. Draft the model again to get new ones."
        )


def _to_data(profile: Any) -> dict[str, Any]:
    args, out = profile.args_profile, profile.out_profile
    data: dict[str, Any] = {
        "args_profile": [_metadata(a) for a in args if a is not None],
        "out_profile": _metadata(out) if isinstance(out, TensorMetadata) else [_metadata(o) for o in _tensors(out)],
    }
    missing = [i for i, a in enumerate(args) if a is None]
    if missing:
        data["none_arguments"] = missing
    if not _torch_can_store(out):
        data["outputs"] = _outline(out)
    return data


def _from_data(data: dict[str, Any]) -> Any:
    tensors_given = iter([_tensor(a) for a in data["args_profile"]])
    missing = set(data.get("none_arguments", ()))
    count = len(data["args_profile"]) + len(missing)
    args = tuple(None if i in missing else next(tensors_given) for i in range(count))
    out = data["out_profile"]
    tensors = [_tensor(o) for o in out] if isinstance(out, list) else _tensor(out)
    if "outputs" in data:
        return OpProfile(args, _filled(data["outputs"], iter(tensors)))
    return OpProfile(args, tuple(tensors) if isinstance(tensors, list) else tensors)


def _torch_can_store(out: Any) -> bool:
    flat = out if isinstance(out, tuple) else (out,)
    return all(isinstance(o, TensorMetadata) for o in flat)


def _tensors(out: Any) -> list[Any]:
    if isinstance(out, tuple):
        return [t for o in out for t in _tensors(o)]
    return [out] if isinstance(out, TensorMetadata) else []


def _outline(out: Any) -> Any:
    """The structure of the outputs: `tensor`, `none`, or the name of a Python class; a list for a tuple."""
    if isinstance(out, tuple):
        return [_outline(o) for o in out]
    if out is None:
        return "none"
    return "tensor" if isinstance(out, TensorMetadata) else out.__name__


def _filled(outline: Any, tensors: Any) -> Any:
    if isinstance(outline, list):
        return tuple(_filled(o, tensors) for o in outline)
    if outline == "tensor":
        return next(tensors)
    return None if outline == "none" else _CLASSES[outline]


def _metadata(tensor: Any) -> dict[str, Any]:
    return {
        "rank": tensor.rank,
        "dtype": DTYPE_NUMBERS[tensor.dtype],
        "device": str(tensor.device),
        "layout": LAYOUT_NUMBERS[tensor.layout],
    }


def _tensor(data: dict[str, Any]) -> Any:
    return TensorMetadata(
        rank=int(data["rank"]),
        dtype=_DTYPES[data["dtype"]],
        device=torch.device(data["device"]),
        layout=_LAYOUTS[data["layout"]],
    )
