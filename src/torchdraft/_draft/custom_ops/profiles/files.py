"""Writes operator profiles to YAML files that torch reads, and reads those and torch's own.

torch's format drops arguments that are None and refuses outputs that are no tensors. `data.py` has the keys that hold
them, and what else torch's profiles do not say; torch's reader ignores these keys.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import IO, Any

from torchdraft._torch.probe import SUPPORTED, version

from .data import IN_YAML

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

    operators = {op: sorted(map(IN_YAML.to_data, profiles), key=repr) for op, profiles in sorted(op_profiles.items())}
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
        return {op: {IN_YAML.from_data(profile) for profile in profiles} for op, profiles in body["operators"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
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
