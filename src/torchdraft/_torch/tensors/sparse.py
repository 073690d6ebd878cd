"""Sparse tensors: the number of their elements."""

from __future__ import annotations

from typing import Any

import torch

count_elements: Any = torch.Tensor._nnz
"""The method as function modes receive it."""
