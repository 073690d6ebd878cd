"""Tensors without plain memory, taken apart and joined again."""

from __future__ import annotations

import pytest
import torch

from torchdraft._torch.tensors.parts import parts_of

MATRIX = torch.tensor([[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 0.0, 3.0], [0.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.5]])
pytestmark = pytest.mark.filterwarnings("ignore")  # such tensors are to go from torch


def scales() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64), torch.tensor([0, 1, 2, 3])


MADE = {
    "coo": lambda: MATRIX.to_sparse(),
    "uncoalesced": lambda: torch.sparse_coo_tensor([[0, 0, 1], [1, 1, 2]], [1.0, 2.0, 3.0], (4, 4)),
    "hybrid": lambda: torch.sparse_coo_tensor([[0, 2]], torch.ones(2, 4), (4, 4)),
    "csr": lambda: MATRIX.to_sparse_csr(),
    "csc": lambda: MATRIX.to_sparse_csc(),
    "bsr": lambda: MATRIX.to_sparse_bsr((2, 2)),
    "bsc": lambda: MATRIX.to_sparse_bsc((2, 2)),
    "oneDNN": lambda: MATRIX.to_mkldnn(),
    "quint8": lambda: torch.quantize_per_tensor(MATRIX, 0.1, 3, torch.quint8),
    "qint8": lambda: torch.quantize_per_tensor(MATRIX, 0.1, 3, torch.qint8),
    "qint32": lambda: torch.quantize_per_tensor(MATRIX, 0.1, 3, torch.qint32),
    "per channel": lambda: torch.quantize_per_channel(MATRIX, *scales(), 1, torch.qint8),
}


@pytest.mark.parametrize("kind", MADE)
def test_joined_parts_are_the_tensor(kind):
    tensor = MADE[kind]()
    parts = parts_of(tensor)
    assert parts is not None
    assert all(part.layout is torch.strided and not part.is_quantized for part in parts.tensors.values())
    joined = parts.operator(*parts.tensors.values(), *parts.arguments, **parts.named)
    assert (joined.layout, joined.dtype, joined.shape) == (tensor.layout, tensor.dtype, tensor.shape)
    assert torch.equal(_plain(joined), _plain(tensor))
    if tensor.layout is torch.sparse_coo:
        assert joined.is_coalesced() == tensor.is_coalesced()


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.dequantize() if tensor.is_quantized else tensor.to_dense()


def test_values_share_the_memory_of_the_tensor():
    tensor = MATRIX.to_sparse_csr()
    parts = parts_of(tensor)
    assert parts is not None
    parts.tensors["values"].zero_()
    assert not tensor.to_dense().any()


def test_a_plain_tensor_and_floating_point_channels_have_no_parts():
    floating = torch.quantize_per_channel(MATRIX, torch.full((4,), 0.5), torch.ones(4), 0, torch.quint8)
    assert parts_of(MATRIX) is None
    assert parts_of(floating) is None or floating.qscheme() is torch.per_channel_affine
