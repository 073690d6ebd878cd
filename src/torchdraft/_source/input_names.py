"""Names of inputs, written as the caller would write them."""

from __future__ import annotations

import re


def in_caller_terms(text: str) -> str:
    """`L['x'].size()[0]` as `x.shape[0]`."""
    return re.sub(r"L\['(\w+)'\]", r"\1", text).replace(".size()[", ".shape[")


def root_of(name: str) -> str:
    """The parameter of a name: `batch` of `batch['ids'].shape[0]`."""
    return re.split(r"[.\[]", name, maxsplit=1)[0]
