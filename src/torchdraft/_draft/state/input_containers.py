"""Containers and objects among the inputs of a call, to find those that hold other things when `forward` ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from .containers import content_of, is_container, same_content


class InputContainerState:
    """The content of the containers and objects at one moment."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self._contents = [(name, c, content_of(c)) for name, value in inputs.items() for c in _containers(value)]

    def changed(self) -> list[str]:
        """The names of the inputs that hold other things now."""
        return list(dict.fromkeys(name for name, live, content in self._contents if not same_content(live, content)))


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
