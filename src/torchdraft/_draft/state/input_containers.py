"""Containers and objects among the inputs that hold other things when forward ends: a program changes tensors alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from .containers import content_of, is_container, same_content


class InputContainers:
    """What the inputs of a call held."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._held = [(name, c, content_of(c)) for name, value in given.items() for c in _containers(value)]

    def changed(self) -> list[str]:
        """The inputs that hold other things now."""
        return list(dict.fromkeys(name for name, held, content in self._held if not same_content(held, content)))


def _containers(value: Any) -> Iterator[Any]:
    if is_container(value):
        yield value
    elif type(value) is tuple:
        for inner in value:
            yield from _containers(inner)
    elif not isinstance(value, (torch.Tensor, torch.nn.Module, type)) and type(value).__module__ != "builtins":
        attributes = getattr(value, "__dict__", None)
        if is_container(attributes):
            yield attributes
