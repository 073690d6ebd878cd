"""Pickling and copying of plain tensors, where a function mode wants to know of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import handle_torch_function, has_torch_function

from .registry import patched


@contextmanager
def pickling_seen() -> Iterator[None]:
    """While active, function modes see `__reduce_ex__` of every tensor. A plain tensor has a short cut around them
    (`torch/_tensor.py`), which hands its storage to a function, and no graph can hold a storage.
    """
    own = torch.Tensor.__reduce_ex__

    def reduce_ex(self: torch.Tensor, protocol: Any) -> Any:
        if has_torch_function((self,)):
            return handle_torch_function(own, (self,), self, protocol)
        return own(self, protocol)

    with patched(torch.Tensor, "__reduce_ex__", reduce_ex):
        yield
