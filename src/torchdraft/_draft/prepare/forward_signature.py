"""A `forward` whose signature is not the one that it is called with: replaced by a partial, or wrapped."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

import torch

from torchdraft._torch.patching.changes import Changes


def make_signature_fit(
    mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], changes: Changes
) -> None:
    """Where the arguments do not fit the signature of `mod.forward`, replaces it by the same function with a signature
    that they fit: `torch.export` names the inputs by it.

    `functools.update_wrapper` gives a function the signature of another one. The replacement is a partial, because a
    copy of the model has to call the copy's own `forward`.
    """
    forward: Any = mod.forward
    if _fits(_signature(forward), args, kwargs):
        return
    own = _signature(forward, follow_wrapped=False)
    replacement: Any = functools.partial(forward)
    replacement.__signature__ = own if _fits(own, args, kwargs) else _ANYTHING
    changes.item(mod.__dict__, "forward", replacement)


def _signature(forward: Any, *, follow_wrapped: bool = True) -> inspect.Signature | None:
    try:
        return inspect.signature(forward, follow_wrapped=follow_wrapped)
    except (TypeError, ValueError):
        return None


def _fits(signature: inspect.Signature | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    try:
        return signature is not None and signature.bind(*args, **kwargs) is not None
    except TypeError:
        return False


_ANYTHING = inspect.Signature(
    [
        inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
        inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
    ]
)
